"""`tandem replay`: decisions made again from their records, and whether they came out the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import click
from tandem.orchestrator.v1.decision_list_pb2 import SampleDecisionsRequest
from tandem.orchestrator.v1.replay_pb2 import ReplayDecisionRequest, ReplayDecisionResponse

from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.demo.progress import progress
from services.cli.output import json_option, show, show_json, stderr_console
from services.cli.rendering.replays import replays_view
from shared.errors import TandemError
from shared.rpc.channel import call

AT_ONCE = 8
RESCORE_S = 60.0
"""The scoring service may have to read its log."""
NO_LONGER_THERE = ("DECISION_NOT_FOUND", "DECISION_ERASED", "DECISION_PRUNED")
"""Of a sample: they went while it was replayed."""

Advance = Callable[[], None]


@dataclass(slots=True)
class Replays:
    """What became of them."""

    answers: list[ReplayDecisionResponse] = field(default_factory=list)
    failures: dict[str, TandemError] = field(default_factory=dict)
    """By decision."""

    @property
    def differing(self) -> list[ReplayDecisionResponse]:
        return [each for each in self.answers if not each.identical]

    @property
    def off_scores(self) -> list[ReplayDecisionResponse]:
        return [each for each in self.answers if each.HasField("rescored") and not each.rescored.within_tolerance]

    @property
    def reasons(self) -> Counter[str]:
        return Counter(failure.reason for failure in self.failures.values())

    @property
    def is_all_the_same(self) -> bool:
        return not self.differing and not self.off_scores and not set(self.reasons) - set(NO_LONGER_THERE)


@click.command()
@click.argument("decision_ids", nargs=-1)
@click.option("--sample", type=click.IntRange(1, 10_000), help="So many decisions, drawn by chance.")
@click.option("--seed", default=0, show_default=True, help="Of the sample: the same seed draws the same ones.")
@click.option("--rescore", is_flag=True, help="Also ask the model as it was then for its scores; slow.")
@json_option
@connection_options
def replay(
    decision_ids: Sequence[str], *, sample: int | None, seed: int, rescore: bool, as_json: bool, **options: Any
) -> None:
    """Make decisions again from their records, and compare the responses byte for byte. Exit code 1 where one differs.

    \b
      tandem replay d_5d2c1f0a9b8e7d6c5b4a3f2e
      tandem replay --sample 1000
      tandem replay --sample 100 --rescore
    """
    if bool(decision_ids) == (sample is not None):
        raise click.UsageError("name decisions, or say --sample N")
    if not all(each.strip() for each in decision_ids):
        raise click.UsageError("a decision's id is empty")
    connection = connection_from(options)
    timeout_s = max(connection.timeout_s, RESCORE_S) if rescore else connection.timeout_s

    async def talk(stubs: Stubs) -> Replays:
        ids = decision_ids or await _drawn(stubs, sample or 0, seed, timeout_s)
        requests = [ReplayDecisionRequest(decision_id=each, rescore=rescore) for each in ids]
        with progress(stderr_console(), "replayed", max(1, len(requests))) as advance:
            return await _all(stubs, requests, timeout_s, advance)

    replays = run(connection, talk)
    if len(decision_ids) == 1 and replays.failures:
        raise next(iter(replays.failures.values()))
    if as_json:
        show_json(document(replays))
    else:
        show(replays_view(document(replays)))
    if not replays.is_all_the_same:
        click.get_current_context().exit(1)


async def _drawn(stubs: Stubs, count: int, seed: int, timeout_s: float) -> list[str]:
    """The earliest model position first: the scoring service reads its log once, then."""
    request = SampleDecisionsRequest(count=count, seed=seed)
    sample = await call(stubs.orchestrator.SampleDecisions, request, timeout_s=timeout_s)
    return [each.decision_id for each in sorted(sample.decisions, key=lambda each: _position(each.model_version))]


def _position(model_version: str) -> tuple[str, int]:
    model, _, position = model_version.rpartition("@")
    return model, int(position) if position.isdecimal() else 0


async def _all(stubs: Stubs, requests: Sequence[ReplayDecisionRequest], timeout_s: float, advance: Advance) -> Replays:
    replays, waiting = Replays(), iter(requests)

    async def work() -> None:
        for request in waiting:
            try:
                answer = await call(stubs.orchestrator.ReplayDecision, request, timeout_s=timeout_s)
                replays.answers.append(answer)
            except TandemError as failure:
                replays.failures[request.decision_id] = failure
            advance()

    at_once = 1 if any(request.rescore for request in requests) else AT_ONCE
    await asyncio.gather(*(work() for _ in range(at_once)))
    return replays


def document(replays: Replays) -> dict[str, object]:
    rescored = [each.rescored for each in replays.answers if each.HasField("rescored")]
    told: dict[str, object] = {
        "replayed": len(replays.answers),
        "identical": len(replays.answers) - len(replays.differing),
        "differing": [
            {"decision_id": each.decision_id, "fields": list(each.differing_fields)} for each in replays.differing
        ],
        "failed": [
            {"decision_id": decision_id, "reason": failure.reason, "message": failure.message}
            for decision_id, failure in replays.failures.items()
        ],
    }
    if rescored:
        told["rescored"] = {
            "decisions": len(rescored),
            "scores": sum(each.scores for each in rescored),
            "greatest_difference": max(each.difference for each in rescored),
            "out_of_tolerance": [each.decision_id for each in replays.off_scores],
        }
    return told
