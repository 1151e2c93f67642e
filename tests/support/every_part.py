"""Edits of the shop's policy after which it has one of everything that a part can hold."""

EVERY_PART = {
    "  cart_adds_1h: {event: cart_add, measure: count, window: 1h}\n": (
        "  cart_adds_1h: {event: cart_add, measure: count, window: 1h}\n"
        "  spent: {event: purchase, measure: sum, property: total, window: 30d}\n"
        "  last_page: {event: view, measure: last, property: page, type: string}\n"
        "  pages: {event: view, measure: distinct, property: page}\n"
        "  pace: {event: view, measure: decayed_rate, half_life: 7d}\n"
        "  first_page: {event: view, measure: first, property: page, type: string, calendar: year}\n"
        "  least: {event: purchase, measure: min, property: total, calendar: month, previous: true}\n"
        "  dear: {event: purchase, measure: count, filter: 'event.total > 9.0', properties: {total: double}}\n"
        "use: {rfm: {amount: total}, basket: , affinity: , engagement: , owned: {relation: implies}}\n"
        "relations: {implies: {teapot: [cup, saucer], cup: spoon}}\n"
    ),
    "profiling: {basis: LEGITIMATE_INTEREST}\n": (
        "profiling: {basis: LEGITIMATE_INTEREST}\n"
        "purposes: {training: {basis: consent}, marketing: {double_opt_in: true}}\n"
        "event_types: {view: {retention: 90d, purposes: [profiling, training]}, purchase: {}}\n"
    ),
    "  cookie: {known: false}\n": (
        "  cookie: {known: false, max_per_profile: 20}\n"
        "  phone: {known: true, normalisation: e164, default_region: GB}\n"
        "  tablet: {known: false, shared: true}\n"
    ),
    "  margin: {type: double}\n": (
        "  margin: {type: double, retention: 9d, purposes: [training], indexed: true,\n"
        "    precedence: [computed, third_party]}\n"
    ),
    "when: 'age >= 18'": "when: 'age >= 18', on_unknown: DEFAULT 18",
    "when: 'tier == \"gold\"'": "when: 'tier == \"gold\"', on_unknown: DEFAULT silver",
}
