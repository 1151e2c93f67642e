"""ListDecisions and SampleDecisions."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.orchestrator.v1 import decision_list_pb2 as pb

from services.orchestrator.api.mapping import fields
from services.orchestrator.api.mapping.subject import identities_from
from services.orchestrator.app.decision_index import Cursor, DecisionPage, DecisionQuery, DecisionSummary
from services.orchestrator.app.list_decisions import ListQuery
from services.orchestrator.domain.decision_results import DecisionResult, PlacementResult
from shared.errors import InvalidArgument
from shared.paging import page_size, page_start, page_token

DEFAULT_PAGE, MAX_PAGE = 50, 1_000
MAX_SAMPLE = 10_000
MAX_DIGITS = 18
"""Of a moment in milliseconds."""


def query_from(request: pb.ListDecisionsRequest) -> ListQuery:
    what = DecisionQuery(
        action=fields.short_text(request.action, "action"),
        channel=fields.short_text(request.channel, "channel").upper(),
        result=fields.enum(DecisionResult, request.result, "result") if request.result else None,
        start_ms=fields.time_ms(request, "start_time") or 0,
        end_ms=fields.time_ms(request, "end_time"),
    )
    return ListQuery(what, identities_from(request.subject))


def page_from(request: pb.ListDecisionsRequest, query: ListQuery) -> tuple[int, Cursor | None]:
    """How many, and from where on."""
    size = page_size(request.page_size, default=DEFAULT_PAGE, maximum=MAX_PAGE)
    after = page_start(request.page_token, query)
    if after is None:
        return size, None
    moment, _, decision_id = str(after).partition("/")
    if not moment.isdecimal() or len(moment) > MAX_DIGITS:
        raise InvalidArgument.field("page_token", "is not a token of this server")
    return size, (int(moment), decision_id)


def page_to(page: DecisionPage, query: ListQuery) -> pb.ListDecisionsResponse:
    token = "" if page.after is None else page_token(f"{page.after[0]}/{page.after[1]}", query)
    return pb.ListDecisionsResponse(decisions=summaries_to(page.decisions), next_page_token=token)


def sample_size(count: int) -> int:
    if not 1 <= count <= MAX_SAMPLE:
        raise InvalidArgument.field("count", f"must be 1 to {MAX_SAMPLE}")
    return count


def summaries_to(decisions: Sequence[DecisionSummary]) -> list[pb.DecisionSummary]:
    return [_summary(each) for each in decisions]


def _summary(decision: DecisionSummary) -> pb.DecisionSummary:
    return pb.DecisionSummary(
        decision_id=decision.decision_id,
        profile_id=decision.profile_id,
        decision_time=fields.time_proto(decision.decision_time_ms),
        policy_version=decision.policy_version,
        model_version=decision.model_version,
        results=[_result(each) for each in decision.results],
    )


def _result(result: PlacementResult) -> pb.DecisionSummary.Result:
    return pb.DecisionSummary.Result(
        placement_id=result.placement_id,
        result=int(result.result),  # type: ignore[arg-type]
        action=result.action,
        channel=result.channel,
    )
