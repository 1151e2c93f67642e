"""What was learnt of marketing pressure, as tables."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from tandem.orchestrator.v1.pressure_pb2 import GetPressureResponse, PressureEffect, PressurePace, PressurePlan

from services.orchestrator.domain.policy.scalars import span_words

_EFFECTS = "What one more unit of level does to a contact, nineteen times of twenty within the interval"
_PRICES = "What one more contact of weight 1 costs, subtracted from its priority"


def pressure_view(answer: GetPressureResponse) -> RenderableType:
    parts: list[RenderableType] = [Text(line) for line in (*_declared(answer.plan), _sampled(answer))]
    if not answer.HasField("estimate_time"):
        return Group(*parts, Text("this server has not read yet what was learnt: ask again in a moment"))
    certainty = f"certainty that it does harm, by which prices shrink: {answer.certainty:.0%}"
    effects = (Text(), Text(_EFFECTS, "bold"), _effects(answer), Text(certainty))
    prices = (Text(), Text(_PRICES, "bold"), _prices(answer), Text(_worth(answer)))
    return Group(*parts, *effects, *prices)


def _declared(plan: PressurePlan) -> tuple[str, ...]:
    contact = f"a contact adds its channel's weight to the level; half of it is left after {_span(plan.half_life)}"
    weights = ", ".join(f"{name} {weight:g}" for name, weight in sorted(plan.channel_weights.items()))
    level = f"{contact}, none after {_span(plan.window)}; weights: {weights or 'all 1'}"
    if not plan.gap_share:
        return level, "no gaps are declared: nothing more is learnt"
    lengths = " or ".join(_span(each) for each in plan.gap_lengths)
    return level, f"gaps: {plan.gap_share:.1%} of periods begin with {lengths} without outbound marketing"


def _sampled(answer: GetPressureResponse) -> str:
    return f"contacts learnt from: {answer.samples:,}; decisions that wait for responses: {answer.waiting:,}"


def _effects(answer: GetPressureResponse) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("chance of")
    for name in ("change", "from", "to"):
        table.add_column(name, justify="right")
    table.add_row("a response", *_effect(answer, "response"))
    table.add_row("unsubscribing", *_effect(answer, "unsubscribe"))
    return table


def _effect(answer: GetPressureResponse, name: str) -> tuple[str, ...]:
    if not answer.HasField(name):
        return ("not known yet", "", "")
    effect: PressureEffect = getattr(answer, name)
    return tuple(f"{each:+.3%}" for each in (effect.slope, effect.low, effect.high))


def _prices(answer: GetPressureResponse) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("after one every")
    for name in ("level", "price"):
        table.add_column(name, justify="right")
    for pace in answer.paces:
        table.add_row(_span(pace.interval), *_price(pace, answer.currency_code))
    if answer.HasField("usual_pace"):
        table.add_row("as usual", *_price(answer.usual_pace, answer.currency_code))
    return table


def _worth(answer: GetPressureResponse) -> str:
    response, unsubscribe = (f"{each:,.4g} {answer.currency_code}" for each in _values(answer))
    brings = f"a response brings {response} on average" if answer.samples else "what a response brings is not known yet"
    return f"{brings}, an unsubscribe costs {unsubscribe}"


def _values(answer: GetPressureResponse) -> tuple[float, float]:
    return answer.mean_value, answer.plan.unsubscribe_value


def _price(pace: PressurePace, currency: str) -> tuple[str, str]:
    return f"{pace.level:.2f}", f"{pace.price:,.4g} {currency}"


def _span(duration: Duration) -> str:
    """As policies write it: 3d12h."""
    return span_words(duration.ToMilliseconds())
