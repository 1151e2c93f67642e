"""The typical triggers fire when they should, and only then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from services.rules.domain.triggers.declaration import Trigger
from services.rules.domain.triggers.outcome import Happening
from shared.clock import to_ms
from shared.values import Feature, Value, present
from tests.support.trigger_run import Step, TriggerRun, program_of, sequence
from tests.support.trigger_samples import (
    BACK_IN_STOCK,
    BAD_PAYER,
    BAD_PAYER_ALERT,
    BIRTHDAY,
    CART_WITHOUT_PURCHASE,
    DAY_MS,
    ENTERED_SHOP,
    HOUR_MS,
    MAIL_NOT_OPENED,
    MINUTE_MS,
    SOCIAL_MENTION,
    TERMS_WITHOUT_RENEWAL,
    sample,
)

NOW_MS = to_ms(datetime(2026, 6, 15, 12, 0, tzinfo=UTC))
ANN: Mapping[str, Feature] = {
    "first_name": present("Ann"),
    "contract_end": present(datetime(2026, 8, 1, tzinfo=UTC)),
    "open_balance": present(150.0),
    "loyalty_tier": present("gold"),
    "birth_date": present(datetime(1990, 6, 17, tzinfo=UTC)),
}


class Shop:
    """Ann, Bob and their events, which come in as they happen."""

    def __init__(self, *triggers: Trigger) -> None:
        facts = {"ann": ANN, "bob": {"open_balance": present(150.0)}}
        self.run = TriggerRun(program_of(sample(*triggers)), facts, NOW_MS)
        self._count = 0

    def event(self, at_ms: int, kind: str, person: str = "ann", **properties: Value) -> None:
        self._count += 1
        happening = Happening(f"e{self._count}", person, kind, NOW_MS + at_ms, properties)
        self.run.take(Step(NOW_MS + at_ms, happening))

    def until(self, at_ms: int) -> list[tuple[str, str, str]]:
        self.run.take(Step(NOW_MS + at_ms))
        return sequence(self.run.firings)


def test_terms_page_without_renewal_for_two_days_calls_the_call_centre() -> None:
    shop = Shop(TERMS_WITHOUT_RENEWAL)
    shop.event(0, "page_view", page="home")
    shop.event(1, "page_view", page="terms")
    assert shop.until(2 * DAY_MS) == []
    assert shop.until(2 * DAY_MS + 1) == [("terms_without_renewal", "ann", "call_centre")]
    (firing,) = shop.run.firings
    assert (firing.payload, firing.cause_event_id) == ({"name": "Ann", "page": "terms"}, "e2")
    assert firing.fired_ms == NOW_MS + 1 + 2 * DAY_MS


def test_renewal_after_the_terms_page_calls_nobody() -> None:
    shop = Shop(TERMS_WITHOUT_RENEWAL)
    shop.event(0, "page_view", page="terms")
    shop.event(DAY_MS, "renewal")
    assert shop.until(9 * DAY_MS) == []
    assert shop.run.timers == {}


def test_reading_the_terms_again_moves_the_moment() -> None:
    shop = Shop(TERMS_WITHOUT_RENEWAL)
    shop.event(0, "page_view", page="terms")
    shop.event(DAY_MS, "page_view", page="terms")
    assert shop.until(3 * DAY_MS - 1) == []
    assert len(shop.until(3 * DAY_MS)) == 1


def test_whose_contract_nobody_knows_is_not_called() -> None:
    shop = Shop(TERMS_WITHOUT_RENEWAL)
    shop.event(0, "page_view", "bob", page="terms")
    assert shop.until(9 * DAY_MS) == []


def test_three_cart_adds_without_purchase_in_an_hour_are_reminded_of_once() -> None:
    shop = Shop(CART_WITHOUT_PURCHASE)
    for minute in (0, 10, 20, 25, 26, 27):
        shop.event(minute * MINUTE_MS, "cart_add", sku=f"sku{minute}", price=9.5)
    assert shop.until(80 * MINUTE_MS) == [("cart_without_purchase", "ann", "cart_reminder")]
    assert shop.run.firings[0].payload == {"last_sku": "sku20"}
    assert len(shop.until(DAY_MS)) == 1


def test_purchase_between_the_cart_adds_counts_against_the_reminder() -> None:
    shop = Shop(CART_WITHOUT_PURCHASE)
    for minute in (0, 10):
        shop.event(minute * MINUTE_MS, "cart_add", sku="s", price=9.5)
    shop.event(15 * MINUTE_MS, "purchase", total=9.5)
    shop.event(20 * MINUTE_MS, "cart_add", sku="s", price=9.5)
    assert shop.until(DAY_MS) == []


def test_three_cart_adds_over_more_than_an_hour_are_none() -> None:
    shop = Shop(CART_WITHOUT_PURCHASE)
    for minute in (0, 30, 61):
        shop.event(minute * MINUTE_MS, "cart_add", sku="s", price=9.5)
    assert shop.until(DAY_MS) == []


def test_each_mail_that_is_not_opened_goes_another_way() -> None:
    shop = Shop(MAIL_NOT_OPENED)
    for number in (1, 2, 3):
        shop.event(number, "mail_sent", message_id=f"m{number}", campaign="summer")
    shop.event(HOUR_MS, "mail_opened", message_id="m2")
    shop.event(2 * HOUR_MS, "mail_opened", "bob", message_id="m3")
    assert len(shop.until(3 * DAY_MS)) == 2
    assert [each.payload["message"] for each in shop.run.firings] == ["m1", "m3"]


def test_bad_payer_is_seen_by_the_later_tier_at_once() -> None:
    shop = Shop(BAD_PAYER_ALERT, BAD_PAYER)
    shop.event(0, "payment_failed", amount=20.0)
    assert shop.until(1) == []
    shop.event(DAY_MS, "payment_failed", amount=30.0)
    assert shop.until(DAY_MS) == [("bad_payer", "ann", "payment_risk"), ("bad_payer_alert", "ann", "stop_credit")]
    inferred, alert = shop.run.firings
    assert (inferred.payload, inferred.name, inferred.trait) == ({"payment_risk": "high"}, "", "payment_risk")
    assert alert.payload == {"amount": 30.0, "balance": 180.0}


def test_back_in_stock_tells_those_who_looked_at_the_article_and_nobody_else() -> None:
    shop = Shop(BACK_IN_STOCK)
    shop.event(0, "product_view", "ann", sku="red", in_stock=False)
    shop.event(1, "product_view", "bob", sku="blue", in_stock=False)
    shop.event(2, "product_view", "bob", sku="red", in_stock=True)
    shop.event(DAY_MS, "stock_change", "", article="red", quantity=0)
    assert shop.until(DAY_MS) == []
    shop.event(2 * DAY_MS, "stock_change", "", article="red", quantity=5)
    shop.event(3 * DAY_MS, "stock_change", "", article="red", quantity=9)
    assert shop.until(3 * DAY_MS) == [("back_in_stock", "ann", "back_in_stock")]
    assert shop.run.firings[0].payload == {"sku": "red"}
    assert shop.run.waiting == {"back_in_stock\x1fred": set(), "back_in_stock\x1fblue": {"bob"}}


def test_who_looked_too_long_ago_is_not_told() -> None:
    shop = Shop(BACK_IN_STOCK)
    shop.event(0, "product_view", sku="red", in_stock=False)
    shop.event(30 * DAY_MS + 1, "stock_change", "", article="red", quantity=5)
    assert shop.until(31 * DAY_MS) == []


def test_birthday_is_greeted_at_nine_in_paris_on_the_day() -> None:
    shop = Shop(BIRTHDAY)
    assert shop.until(DAY_MS) == []
    assert shop.until(5 * DAY_MS) == [("birthday", "ann", "birthday_greeting")]
    assert shop.run.firings[0].fired_ms == to_ms(datetime(2026, 6, 17, 7, 0, tzinfo=UTC))


def test_entering_the_shop_is_greeted_once_in_four_hours() -> None:
    shop = Shop(ENTERED_SHOP)
    for at_ms in (0, HOUR_MS, 4 * HOUR_MS - 1, 4 * HOUR_MS):
        shop.event(at_ms, "beacon_enter", zone="entrance", store="paris")
    shop.event(9 * HOUR_MS, "beacon_enter", zone="exit", store="paris")
    assert [each.fired_ms - NOW_MS for each in shop.run.firings] == [0, 4 * HOUR_MS]
    assert shop.run.firings[0].payload == {"store": "paris", "tier": "gold"}


def test_mention_of_the_brand_or_of_a_topic_is_heard() -> None:
    shop = Shop(SOCIAL_MENTION)
    shop.event(0, "social_mention", brand="boutique", handle="@ann")
    shop.event(1, "social_mention", brand="other", topics=("fashion week",), handle="@ann")
    shop.event(2, "social_mention", brand="other", topics=("sport",), handle="@ann")
    shop.event(3, "social_mention", topics=(), handle="@ann")
    assert [each.cause_event_id for each in shop.run.firings] == ["e1", "e2"]


def test_all_of_them_are_declared_well_and_leave_nothing_behind() -> None:
    shop = Shop()
    shop.event(0, "page_view", page="terms")
    shop.event(1, "cart_add", sku="s", price=1.0)
    shop.event(2, "product_view", sku="s", in_stock=False)
    shop.event(3, "payment_failed", amount=1.0)
    shop.until(3 * DAY_MS)
    shop.run.sweep(NOW_MS + 400 * DAY_MS)
    assert shop.run.states == {}
    assert all(not who for who in shop.run.waiting.values())
