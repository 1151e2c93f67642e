"""Metrics of event-driven rules."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.rules.app.trigger_store import Sizes, StateChange

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

EVENTS = Counter("tandem_trigger_events_total", "Worked through, by what they were.", ("kind",))
FIRED = Counter("tandem_triggers_fired_total", "Effects of triggers that fired.", ("effect",))
SKIPPED = Counter("tandem_trigger_skipped_total", "Left out: they fail every time, or are long over.", ("kind",))
REFUSED = Counter("tandem_trigger_traits_refused_total", "Inferred traits the profile service refused.", ("reason",))
PENDING = Gauge("tandem_trigger_traits_pending", "Fired effects not yet looked at for traits to bring.")
LAG = Gauge("tandem_trigger_lag_seconds", "How long the newest event that was worked through had waited.")
STATES = Gauge("tandem_trigger_states", "Subjects with open patterns.")
WAITING = Gauge("tandem_trigger_waiting", "Pairs of a subject and a thing it waits for.")
TIMERS = Gauge("tandem_trigger_timers", "Timers that are set.")
DUE = Gauge("tandem_trigger_timers_due", "Timers whose time has come and that were not worked through.")
SECONDS = Histogram("tandem_trigger_step_seconds", "Duration of a step, commit included.", ("kind",), buckets=_SECONDS)

KINDS = ("log", "inbox", "fan_out", "timers", "schedule", "erasure", "sweep")


class PrometheusTriggerTelemetry:
    """Implements TriggerTelemetry."""

    def __init__(self) -> None:
        for effect in ("emit", "set_trait"):
            FIRED.labels(effect)
        for kind in KINDS:
            EVENTS.labels(kind)
            SKIPPED.labels(kind)

    def stepped(self, kind: str, seconds: float, events: int, change: StateChange) -> None:
        EVENTS.labels(kind).inc(events)
        SECONDS.labels(kind).observe(seconds)
        traits = sum(1 for firing in change.firings if firing.trait)
        FIRED.labels("set_trait").inc(traits)
        FIRED.labels("emit").inc(len(change.firings) - traits)

    def lags(self, seconds: float) -> None:
        LAG.set(seconds)

    def sized(self, sizes: Sizes) -> None:
        STATES.set(sizes.states)
        WAITING.set(sizes.waiting)
        TIMERS.set(sizes.timers)
        DUE.set(sizes.due)

    def skipped(self, kind: str, count: int) -> None:
        SKIPPED.labels(kind).inc(count)

    def traits_pending(self, firings: int) -> None:
        PENDING.set(firings)

    def trait_refused(self, reason: str) -> None:
        REFUSED.labels(reason).inc()
