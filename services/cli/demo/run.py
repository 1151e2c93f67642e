"""A demo run from an empty folder to its report."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from tandem.orchestrator.v1.orchestrator_service_pb2 import ExplainDecisionRequest, ExplainDecisionResponse

from services.cli.commands.publish import publish_policy
from services.cli.connection import Stubs
from services.cli.demo import data_set, requests
from services.cli.demo.off_policy import best_item, policy_values, split
from services.cli.demo.progress import progress
from services.cli.demo.recorded import read_recorded
from services.cli.demo.report import Report
from services.cli.demo.server import fresh_server
from services.cli.demo.visits import Visit, parse
from services.cli.demo.walk import Walked, walk
from services.cli.failures import CommandFailed
from services.cli.policy_folder import read_policy_folder
from shared.rpc.channel import call, open_channel

POLICY = Path(__file__).parents[1] / "samples" / "fashion_store"
CALL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps things, and where it says how far it is."""

    demo: Path
    cache: Path
    console: Console


def load_visits(place: Place, count: int) -> Sequence[Visit]:
    """The first `count` visits of the log. Raises CommandFailed where the data cannot be had."""
    try:
        place.console.print("data: the uniformly random log of the Open Bandit Dataset (ZOZOTOWN), CC BY 4.0")
        return parse(data_set.read_log(data_set.fetch(place.cache)))[:count]
    except data_set.DataSetUnavailable as error:
        raise CommandFailed("DATA_SET_UNAVAILABLE", str(error)) from error


async def run(place: Place, visits: Sequence[Visit]) -> Report:
    """Starts a server, publishes, walks, evaluates; leaves `report.json` behind and nothing running."""
    place.demo.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=place.demo))
    try:
        async with fresh_server(directory, os.environ) as address, open_channel(address) as channel:
            report = await _talk(Stubs.over(channel, channel), place.console, visits)
    finally:
        shutil.rmtree(directory / "stores", ignore_errors=True)
    report.write(place.demo / "report.json")
    shutil.rmtree(directory)
    return report


async def _talk(stubs: Stubs, console: Console, visits: Sequence[Visit]) -> Report:
    began = time.perf_counter()
    published = await publish_policy(stubs, read_policy_folder(POLICY), activate=True)
    console.print(f"policy: {POLICY.name} is published as {published.policy_version}")
    with progress(console, "visits", len(visits)) as advance:
        walked = await walk(stubs, visits, advance)
    first, second = split(visits)
    evaluated = walked.decision_ids[len(first) :]
    with progress(console, "decisions read back", len(evaluated)) as advance:
        recorded = await read_recorded(stubs, evaluated, advance)
    return Report(
        policy_version=published.policy_version,
        tally=walked.tally,
        values=policy_values(first, second, recorded),
        best_action=requests.action(best_item(first)),
        sample=await _explain(stubs, walked.sample_decision_id),
        silent=await _explain_silence(stubs, walked),
        total_s=time.perf_counter() - began,
    )


async def _explain(stubs: Stubs, decision_id: str) -> ExplainDecisionResponse:
    request = ExplainDecisionRequest(decision_id=decision_id)
    explanation: ExplainDecisionResponse = await call(
        stubs.orchestrator.ExplainDecision, request, timeout_s=CALL_SECONDS
    )
    return explanation


async def _explain_silence(stubs: Stubs, walked: Walked) -> ExplainDecisionResponse | None:
    return await _explain(stubs, walked.silent_decision_id) if walked.silent_decision_id else None
