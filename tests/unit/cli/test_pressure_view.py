"""What `tandem pressure` says."""

from __future__ import annotations

from rich.console import Console
from tandem.orchestrator.v1 import pressure_pb2 as pb

from services.cli.rendering.pressure import pressure_view
from services.orchestrator.api.mapping.pressure import response_of
from services.orchestrator.app.pressure.get_pressure import PressureReport, paces_of, usual_pace
from services.orchestrator.app.pressure.learnt import Learnt
from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE, PressureEstimate
from services.orchestrator.domain.pressure.plan import PressurePlan
from shared.clock import MS_PER_DAY

NOW_MS = 1_800_000_000_000
PLAN = PressurePlan(
    half_life_ms=7 * MS_PER_DAY,
    window_ms=56 * MS_PER_DAY,
    response_window_ms=5 * MS_PER_DAY,
    unsubscribe_value=12.5,
    gap_share=0.1,
    gap_lengths_ms=(2 * MS_PER_DAY, 5 * MS_PER_DAY),
    channel_weights={"SMS": 3.0},
)
TIRING = PressureEstimate(-0.012, 0.003, 0.002, 0.0005, 0.9, 20.0, 1.5, 12_345)


def answered(estimate: PressureEstimate | None, plan: PressurePlan | None = PLAN) -> pb.GetPressureResponse:
    report = PressureReport("EUR", plan, "pressure_1", 678)
    if estimate is not None and plan is not None:
        paces = paces_of(plan, estimate, NOW_MS)
        learnt = Learnt(estimate, NOW_MS)
        report = PressureReport("EUR", plan, "pressure_1", 678, learnt, paces, usual_pace(plan, estimate))
    return response_of(report)


def words(estimate: PressureEstimate | None, plan: PressurePlan = PLAN) -> str:
    console = Console(width=120, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(pressure_view(answered(estimate, plan)))
    return capture.get()


def test_slopes_come_with_the_interval_of_nineteen_in_twenty() -> None:
    answer = answered(TIRING)
    assert (answer.response.slope, answer.samples, answer.waiting) == (-0.012, 12_345, 678)
    assert round(answer.response.low, 5) == -0.01788
    assert round(answer.response.high, 5) == -0.00612
    assert answer.unsubscribe.low > 0.0
    assert answer.estimate_time.ToMilliseconds() == NOW_MS


def test_all_that_is_known_is_said() -> None:
    said = words(TIRING)
    assert "half of it is left after 7d, none after 56d; weights: SMS 3" in said
    assert "gaps: 10.0% of periods begin with 2d or 5d without outbound marketing" in said
    assert "contacts learnt from: 12,345; decisions that wait for responses: 678" in said
    (response,) = (line for line in said.splitlines() if line.startswith("a response  "))
    assert response.split()[2:] == ["-1.200%", "-1.788%", "-0.612%"]
    assert "by which prices shrink: 90%" in said
    assert "a response brings 20 EUR on average, an unsubscribe costs 12.5 EUR" in said
    (usual,) = (line for line in said.splitlines() if line.startswith("as usual"))
    assert usual.split()[2:] == ["1.50", "0.4343", "EUR"]


def test_where_nothing_is_known_no_effect_is_told() -> None:
    answer = answered(NO_ESTIMATE)
    assert not answer.HasField("response")
    assert not answer.HasField("unsubscribe")
    assert not answer.HasField("usual_pace")
    assert {each.price for each in answer.paces} == {0.0}
    assert words(NO_ESTIMATE).count("not known yet") == 3


def test_a_server_that_has_read_nothing_yet_says_so() -> None:
    assert "ask again in a moment" in words(None)


def test_without_gaps_it_says_that_nothing_more_is_learnt() -> None:
    assert "no gaps are declared" in words(TIRING, PressurePlan(MS_PER_DAY, 8 * MS_PER_DAY, MS_PER_DAY))


def test_of_a_policy_without_pressure_nothing_but_the_currency_is_said() -> None:
    assert answered(None, None) == pb.GetPressureResponse(currency_code="EUR")
