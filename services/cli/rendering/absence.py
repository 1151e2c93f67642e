"""Why somebody did not get something, in sentences: one per decision and reason."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text
from tandem.common.v1.stage_pb2 import Dropped, DropStage
from tandem.orchestrator.v1.why_not_pb2 import WhyNotDecision, WhyNotRequest, WhyNotResponse, WhyNotVerdict

from services.cli.rendering.pressure_standing import standing_text
from services.cli.rendering.texts import moment_text, money, no_action_text, stage_name
from services.cli.rendering.why_not import because


def absence_view(request: WhyNotRequest, answer: WhyNotResponse) -> RenderableType:
    return Group(*(Text(line) for line in absence_lines(request, answer)))


def absence_lines(request: WhyNotRequest, answer: WhyNotResponse) -> Iterator[str]:
    for decision in answer.decisions:
        yield f"{moment_text(decision.decision_time)}  {decision.decision_id}"
        for line in _of_decision(request.action, decision, is_declared=answer.action_declared):
            yield f"  {line}"
    if not answer.decisions:
        yield from _without_decision(request, answer)


def _without_decision(request: WhyNotRequest, answer: WhyNotResponse) -> Iterator[str]:
    span = f"from {moment_text(request.start_time)} to {moment_text(request.end_time)}"
    if not answer.person_known:
        yield "nobody holds this identity: no decision was made for this person"
    else:
        yield f"no decision was made for this person {span}, or it is kept no longer"
    if answer.HasField("earlier_decision_time"):
        yield f"the last one before was at {moment_text(answer.earlier_decision_time)}"
    if answer.HasField("latest_decision_time"):
        yield f"the newest one after was at {moment_text(answer.latest_decision_time)}"
    if not answer.action_declared:
        yield f"the active policy declares no action {request.action!r}"


def _of_decision(action: str, decision: WhyNotDecision, *, is_declared: bool) -> Iterator[str]:
    match decision.verdict:
        case WhyNotVerdict.WHY_NOT_VERDICT_PROPOSED:
            places = ", ".join(name or "the only placement" for name in decision.placement_ids)
            yield f"it was proposed: {places}"
        case WhyNotVerdict.WHY_NOT_VERDICT_NOT_IN_POLICY:
            now = "the active one does" if is_declared else "nor does the active one"
            yield f"{decision.policy_version}, which decided, declares no action {action!r}; {now}"
        case WhyNotVerdict.WHY_NOT_VERDICT_DEGRADED:
            yield f"DEGRADED: nothing was decided on, for {', '.join(decision.advisories)}"
        case WhyNotVerdict.WHY_NOT_VERDICT_EMPTY_PLACEMENT:
            yield from (_empty(each) for each in decision.empty_placements)
        case _:
            yield from (_reason(each) for each in decision.reasons)
    yield from _channels(decision)
    if decision.HasField("pressure"):
        yield standing_text(decision.pressure)


def _reason(dropped: Dropped) -> str:
    where = f" on {dropped.channel}" if dropped.channel else ""
    treatment = f" as {dropped.treatment}" if dropped.treatment else ""
    stage = stage_name(dropped.stage)
    if dropped.stage != DropStage.DROP_STAGE_ARBITRATION or not dropped.HasField("margin"):
        return f"{stage}{where}{treatment}: {because(dropped)}"
    lacked = f"{money(abs(dropped.margin))} {'less' if dropped.margin >= 0 else 'more'} than what was ranked first"
    return f"{stage}{where}{treatment}: {because(dropped)}; it was worth {lacked}"


def _empty(placement: WhyNotDecision.EmptyPlacement) -> str:
    return f"{placement.placement_id or 'the only placement'} got nothing: {no_action_text(placement.reason)}"


def _channels(decision: WhyNotDecision) -> Iterator[str]:
    """Where the channels do not meet, no rule would have helped."""
    asked, own = set(decision.asked_channels), set(decision.action_channels)
    is_silent = decision.verdict == WhyNotVerdict.WHY_NOT_VERDICT_NOT_IN_POLICY
    if asked and not asked & own and not is_silent:
        has = ", ".join(sorted(own)) or "no channel"
        yield f"the decision was about {', '.join(sorted(asked))}; the action has treatments for {has}"
