"""The plan of pressure that a policy declares, and declarations that come to nothing."""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.pressure import PressureWeight, window_of
from services.orchestrator.domain.pressure.plan import USUAL_WEIGHT, PressurePlan
from shared.clock import MS_PER_DAY

USUAL_RESPONSE_WINDOW_MS = 7 * MS_PER_DAY
_SALT = "pressure"


def check_pressure(document: PolicyDocument, findings: Findings) -> None:
    declared = document.pressure
    outbound = [name for name, channel in document.channels.items() if channel.direction is Direction.OUTBOUND]
    weights = document.channel_weights
    if declared is None:
        for name in outbound:
            if name in weights:
                message = "pressure_weight: counts for nothing without a section `pressure`"
                findings.warning(weights[name].place, "WEIGHT_WITHOUT_PRESSURE", message)
        return
    if not declared.has_gaps and declared.half_life_ms is not None:
        message = "without gaps nothing more is learnt, and contacts get no price that they have not: declare gaps"
        findings.warning(declared.place, "NOTHING_LEARNT", message)
    if not outbound:
        message = "no channel of this policy is outbound: nobody can come under pressure"
        findings.warning(declared.place, "PRESSURE_WITHOUT_CHANNEL", message)
    elif all(name in weights and not weights[name].weight for name in outbound):
        message = "every outbound channel has pressure_weight 0: nobody comes under pressure, and nothing is learnt"
        findings.warning(declared.place, "NOTHING_LEARNT", message)
    if not document.written.settings.formula.cost:
        message = "the formula of the arbitration has no cost: nothing is subtracted for pressure"
        findings.warning(declared.place, "PRESSURE_WITHOUT_COST", message)


def pressure_plan(document: PolicyDocument) -> PressurePlan | None:
    """Only of a document without errors; None where it declares no pressure."""
    declared = document.pressure
    if declared is None:
        return None
    window_ms = window_of(declared)
    assert declared.half_life_ms is not None, "a document without errors has a half-life"
    assert window_ms is not None, "and with it a window"
    settings, gaps = document.written.settings, declared.gaps
    return PressurePlan(
        declared.half_life_ms,
        window_ms,
        declared.response_window_ms or _response_window_ms(document),
        declared.unsubscribe_value,
        0.0 if gaps is None else gaps.share,
        () if gaps is None or not gaps.share else gaps.lengths_ms,
        # Another than that of the arms: who is in one says nothing of somebody's gaps.
        f"{settings.name} {_SALT}",
        _weights(document.channel_weights),
    )


def _response_window_ms(document: PolicyDocument) -> int:
    """Of the objective by which is decided, where it has one."""
    windows = {each.objective.name: each.objective.window_ms for each in document.objectives}
    return windows.get(document.arbitrated) or USUAL_RESPONSE_WINDOW_MS


def _weights(written: Mapping[str, PressureWeight]) -> dict[str, float]:
    """Those that are not the usual one, so that writing that one changes nothing."""
    return {name: written[name].weight for name in sorted(written) if written[name].weight != USUAL_WEIGHT}
