"""The ports of one decision, for members of a round: what they ask is asked for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from typing import TypeVar

from services.orchestrator.app.batch.ports import MAX_AT_ONCE, MAX_SCORES, Together
from services.orchestrator.app.batch.round import Desk, Round
from services.orchestrator.app.campaign_decisions import CampaignDecisions, CampaignPerson
from services.orchestrator.app.decision_log import DecisionLog
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.gone_decisions import GoneDecision
from services.orchestrator.app.ports import (
    ConsentSignals,
    ConsentStatement,
    Identity,
    PolicyQuestion,
    PolicyVerdict,
    ProfileReader,
    ScoreQuestion,
    Scores,
    SubjectEvent,
    SubjectQuery,
    SubjectView,
)
from shared.errors import TandemError

Q = TypeVar("Q")
A = TypeVar("A")
Due = tuple[Q, int]
"""A question, and by when it must be answered. Those that are asked together have the time of the one that has most."""


class RoundProfiles:
    """Implements ProfileReader: reads persons together, and records by itself."""

    def __init__(self, round_: Round, profiles: ProfileReader, together: Together) -> None:
        self._profiles = profiles
        self._together = together
        self._desk: Desk[Due[SubjectQuery], SubjectView] = round_.desk(self._get_all)

    async def get(self, query: SubjectQuery, *, deadline_ms: int) -> SubjectView:
        if query.consistency_token:
            # What waits for a write, and fails where there was none, must not hold up the others.
            return await self._profiles.get(query, deadline_ms=deadline_ms)
        return await self._desk.ask((query, deadline_ms))

    async def record_events(self, request_id: str, events: Sequence[SubjectEvent], *, deadline_ms: int) -> str:
        return await self._profiles.record_events(request_id, events, deadline_ms=deadline_ms)

    async def record_signals(
        self, request_id: str, identities: Sequence[Identity], signals: ConsentSignals, *, deadline_ms: int
    ) -> str:
        return await self._profiles.record_signals(request_id, identities, signals, deadline_ms=deadline_ms)

    async def consents(
        self, subjects: Sequence[tuple[Identity, ...]], *, deadline_ms: int
    ) -> Sequence[tuple[ConsentStatement, ...] | None]:
        return await self._profiles.consents(subjects, deadline_ms=deadline_ms)

    async def _get_all(self, asked: Sequence[Due[SubjectQuery]]) -> Sequence[SubjectView | Exception]:
        answers: list[SubjectView | Exception] = []
        for part in _parts(asked, _one, MAX_AT_ONCE):
            queries = [query for query, _ in part]
            answers += await self._together.profiles.get_many(queries, deadline_ms=_latest(part))
        return answers


class RoundRules:
    """Implements RuleEvaluator."""

    def __init__(self, round_: Round, together: Together) -> None:
        self._together = together
        self._desk: Desk[Due[PolicyQuestion], PolicyVerdict] = round_.desk(self._evaluate_all)

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        return await self._desk.ask((question, deadline_ms))

    async def _evaluate_all(self, asked: Sequence[Due[PolicyQuestion]]) -> Sequence[PolicyVerdict | Exception]:
        return await _by_kind(asked, _kind_of, self._evaluate)

    async def _evaluate(self, asked: Sequence[Due[PolicyQuestion]]) -> Sequence[PolicyVerdict | Exception]:
        answers: list[PolicyVerdict | Exception] = []
        for part in _parts(asked, _one, MAX_AT_ONCE):
            questions = [question for question, _ in part]
            answers += await self._together.rules.evaluate_many(questions, deadline_ms=_latest(part))
        return answers


class RoundScorer:
    """Implements Scorer."""

    def __init__(self, round_: Round, together: Together) -> None:
        self._together = together
        self._desk: Desk[Due[ScoreQuestion], Scores] = round_.desk(self._score_all)

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        return await self._desk.ask((question, deadline_ms))

    async def _score_all(self, asked: Sequence[Due[ScoreQuestion]]) -> Sequence[Scores | Exception]:
        return await _by_kind(asked, lambda question: question.feature_set_version, self._score)

    async def _score(self, asked: Sequence[Due[ScoreQuestion]]) -> Sequence[Scores | Exception]:
        answers: list[Scores | Exception] = []
        for part in _parts(asked, lambda question: question.actions.size, MAX_SCORES):
            questions = [question for question, _ in part]
            answers += await self._together.scorer.score_many(questions, deadline_ms=_latest(part))
        return answers


class RoundCampaigns:
    """Implements CampaignDecisions, for a person each."""

    def __init__(self, round_: Round, campaigns: CampaignDecisions) -> None:
        self._campaigns = campaigns
        self._desk: Desk[CampaignPerson, str | None] = round_.desk(self._find_all)

    async def find(self, people: Sequence[CampaignPerson]) -> Sequence[str | None]:
        return [await self._desk.ask(person) for person in people]

    async def _find_all(self, people: Sequence[CampaignPerson]) -> Sequence[str | None]:
        return await self._campaigns.find(people)


class RoundLog:
    """Implements DecisionLog: one durable append for all that were decided together."""

    def __init__(self, round_: Round, log: DecisionLog) -> None:
        self._log = log
        self._appends: Desk[DecisionRecord, bool] = round_.desk(log.append_all)
        self._requests: Desk[str, DecisionRecord | None] = round_.desk(self._get_all)

    async def append(self, record: DecisionRecord) -> bool:
        return await self._appends.ask(record)

    async def append_all(self, records: Sequence[DecisionRecord]) -> Sequence[bool]:
        return await self._log.append_all(records)

    async def get(self, decision_id: str) -> DecisionRecord | None:
        return await self._log.get(decision_id)

    async def get_by_request(self, request_id: str) -> DecisionRecord | None:
        return await self._requests.ask(request_id)

    async def get_by_requests(self, request_ids: Sequence[str]) -> dict[str, DecisionRecord]:
        return dict(await self._log.get_by_requests(request_ids))

    async def gone(self, decision_id: str) -> GoneDecision | None:
        return await self._log.gone(decision_id)

    async def _get_all(self, request_ids: Sequence[str]) -> Sequence[DecisionRecord | None]:
        found = await self._log.get_by_requests(request_ids)
        return [found.get(request_id) for request_id in request_ids]


def _kind_of(question: PolicyQuestion) -> Hashable:
    return question.rule_set_version, question.evaluation_time_ms, question.explain, question.with_segments


async def _by_kind(
    asked: Sequence[Due[Q]],
    kind_of: Callable[[Q], Hashable],
    ask: Callable[[Sequence[Due[Q]]], Awaitable[Sequence[A | Exception]]],
) -> Sequence[A | Exception]:
    """Asks for each kind by itself; the answers in the order of the questions."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for place, (question, _) in enumerate(asked):
        places[kind_of(question)].append(place)
    if len(places) == 1:
        return await ask(asked)
    answers: dict[int, A | Exception] = {}
    for own in places.values():
        try:
            answers |= zip(own, await ask([asked[place] for place in own]), strict=True)
        except TandemError as failure:
            answers |= dict.fromkeys(own, failure)
    return [answers[place] for place in range(len(asked))]


def _parts(asked: Sequence[Due[Q]], size_of: Callable[[Q], int], most: int) -> Iterator[Sequence[Due[Q]]]:
    """In their order, each of at most so much and of MAX_AT_ONCE."""
    part: list[Due[Q]] = []
    size = 0
    for question, deadline_ms in asked:
        own = size_of(question)
        if part and (size + own > most or len(part) == MAX_AT_ONCE):
            yield part
            part, size = [], 0
        part.append((question, deadline_ms))
        size += own
    if part:
        yield part


def _one(question: object) -> int:  # noqa: ARG001  whichever it is
    return 1


def _latest(asked: Sequence[Due[Q]]) -> int:
    return max(deadline_ms for _, deadline_ms in asked)
