"""`tandem decide-all` as people run it: killed, interrupted, raced, rehearsed, and asked for what cannot be."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import distributed
import pyarrow.parquet as pq
import pytest
from tandem.profile.v1 import identity_graph_pb2 as pb

from tests.support.limited_shop import limits
from tests.support.servers import ROOT, Deployment, Form, Storage, deployed
from tests.support.shop_policy import edited
from tests.support.tandem_client import TandemClient, fresh, subject

PEOPLE = 400


@pytest.fixture(scope="module", params=list(Form))
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("audience")
    with deployed(request.param, Storage(folder / "stores"), folder) as deployment:
        client = TandemClient(deployment.addresses)
        assert client.publish(edited(limits("{id: mail_week, channel: email, max: 20, window: 7d}"))).active
        for number in range(PEOPLE):
            client.upsert(f"crm:{number}", age=20 + number % 50, tier="gold" if number % 2 else "bronze")
            if number % 5:
                client.consent(f"crm:{number}", "GRANTED")
        client.close()
        yield deployment


def command(deployment: Deployment, *arguments: str) -> list[str]:
    targets = ("--target", deployment.addresses["orchestrator"], "--profile-target", deployment.addresses["profile"])
    return [sys.executable, "-m", "services.cli", "decide-all", *arguments, *targets]


def environment() -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    return {**inherited, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "shared/gen")))}


def ended(deployment: Deployment, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(deployment, *arguments), env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stderr
    return done


def started(deployment: Deployment, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(deployment, *arguments),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for_parts(out: Path, running: subprocess.Popen[str], count: int) -> None:
    note, deadline = Path(f"{out}.parts/progress.json"), time.monotonic() + 90
    while not note.exists() or json.loads(note.read_text())["parts"] < count:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def everybody(out: Path, campaign: str) -> list[str]:
    return ["--segment", "age >= 20", "--campaign", campaign, "--channel", "email", "--out", str(out)]


def slowly(out: Path, campaign: str) -> list[str]:
    return [*everybody(out, campaign), "--part-size", "25", "--batch-size", "5", "--jobs", "1"]


def rows_of(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(out).to_pylist()
    return rows


def recorded(deployment: Deployment, campaign: str) -> dict[str, str]:
    """Decision by profile, from the store itself."""
    with closing(sqlite3.connect(deployment.storage.folder / "orchestrator.sqlite")) as store:
        found = store.execute(
            "SELECT profile_id, decision_id FROM campaign_decisions WHERE campaign_id = ?", (campaign,)
        )
        kept = dict(found.fetchall())
        count = store.execute(
            "SELECT count(DISTINCT decision_id) FROM decisions JOIN campaign_decisions USING (decision_id)"
            " WHERE campaign_id = ?",
            (campaign,),
        ).fetchone()[0]
    assert count == len(set(kept.values()))
    return kept


def assert_each_once(deployment: Deployment, out: Path, campaign: str) -> None:
    rows = rows_of(out)
    assert len(rows) == len({row["profile_id"] for row in rows}) == PEOPLE
    assert {row["profile_id"]: row["decision_id"] for row in rows} == recorded(deployment, campaign)
    assert not Path(f"{out}.parts").exists()


def test_a_connector_finds_what_it_needs(running: Deployment, tmp_path: Path) -> None:
    out = tmp_path / "all.parquet"
    done = ended(running, *everybody(out, fresh("c")), "--json")
    rows = rows_of(out)
    assert json.loads(done.stdout)["subjects"] == len(rows) == PEOPLE
    mails = [row for row in rows if row["result"] == "PROPOSITION"]
    silent = [row for row in rows if row["result"] == "NO_ACTION"]
    assert len(mails) + len(silent) == PEOPLE
    assert {row["reason"] for row in silent} >= {"NO_CONSENT"}
    first = mails[0]
    assert json.loads(first["content"])["subject"]
    assert first["address"] == first["identities"][0].split("#")[0]
    assert all(
        first[name] for name in ("tracking_token", "proposition_id", "reservation_id", "consent_ref", "priority")
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_what_was_ended_goes_on_without_deciding_twice(
    running: Deployment, tmp_path: Path, how: signal.Signals
) -> None:
    out, campaign = tmp_path / "all.parquet", fresh("c")
    for parts in (2, 5):
        process = started(running, *slowly(out, campaign))
        wait_for_parts(out, process, parts)
        process.send_signal(how)
        process.communicate(timeout=30)
        assert process.returncode in (-how, 130)
        assert not out.exists()
    before = recorded(running, campaign)
    assert 0 < len(before) < PEOPLE
    ended(running, *everybody(out, campaign))
    assert_each_once(running, out, campaign)
    assert before.items() <= recorded(running, campaign).items()


def test_a_server_that_is_killed_costs_nobody_their_decision(running: Deployment, tmp_path: Path) -> None:
    out, campaign = tmp_path / "all.parquet", fresh("c")
    process = started(running, *slowly(out, campaign))
    wait_for_parts(out, process, 2)
    name = "tandem" if running.form is Form.ONE else "orchestrator"
    running.processes[name].kill()
    running.restart(name)
    process.communicate(timeout=90)
    if process.returncode:
        ended(running, *everybody(out, campaign))  # it was away for longer than the command has patience
    assert_each_once(running, out, campaign)


def test_two_that_race_for_a_campaign_share_its_decisions(running: Deployment, tmp_path: Path) -> None:
    campaign, outs = fresh("c"), [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    racing = [
        started(running, *everybody(out, campaign), "--locale", locale)
        for out, locale in zip(outs, ("en", "fr"), strict=True)
    ]
    for process in racing:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    for out in outs:
        assert_each_once(running, out, campaign)
    one, two = ({row["decision_id"]: row["tracking_token"] for row in rows_of(out)} for out in outs)
    assert one == two


def test_somebody_who_is_merged_meanwhile_is_decided_for_once(running: Deployment, tmp_path: Path) -> None:
    out, campaign = tmp_path / "all.parquet", fresh("c")
    client = TandemClient(running.addresses)
    # The one who is found first goes into the one who is found last.
    pairs = sorted((client.upsert(f"crm:twin{n}-{campaign}", age=7).profile_id, n) for n in (0, 1))
    first, last = (f"crm:twin{number}-{campaign}" for _, number in pairs)
    twins = ["--segment", "age == 7", *everybody(out, campaign)[2:], "--part-size", "1"]
    process = started(running, *twins)
    wait_for_parts(out, process, 1)
    process.kill()
    process.communicate()
    client.profile.MergeProfiles(
        pb.MergeProfilesRequest(request_id=fresh("m"), survivor=subject(last), merged=subject(first)), timeout=30
    )
    client.close()
    ended(running, *twins)
    decided = {row["decision_id"] for row in rows_of(out)}
    assert decided == set(recorded(running, campaign).values())
    assert len(decided) in (1, 2)  # two, where the kill came after the second decision


def test_the_workers_of_a_dask_cluster_decide_the_same(running: Deployment, tmp_path: Path) -> None:
    out, campaign = tmp_path / "all.parquet", fresh("c")
    workers = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**workers, env=dict(environment())) as cluster:
        spread = ["--part-size", "150", "--batch-size", "20", "--scheduler", cluster.scheduler_address]
        ended(running, *everybody(out, campaign), *spread)
    assert_each_once(running, out, campaign)


def test_a_rehearsal_leaves_nothing_but_counts(running: Deployment, tmp_path: Path) -> None:
    before = _counts(running)
    done = ended(running, "--segment", "tier == 'gold'", "--mode", "simulate", "--json")
    told = json.loads(done.stdout)
    assert told["subjects"] == PEOPLE // 2
    assert sum(told["results"].values()) == PEOPLE // 2
    assert _counts(running) == before
    out = tmp_path / "rehearsed.parquet"
    ended(running, "--segment", "tier == 'gold'", "--mode", "simulate", "--out", str(out))
    assert len(rows_of(out)) == PEOPLE // 2
    assert _counts(running) == before


def _counts(deployment: Deployment) -> list[int]:
    with closing(sqlite3.connect(deployment.storage.folder / "orchestrator.sqlite")) as store:
        return [
            store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("decisions", "campaign_decisions")
        ]


def test_what_cannot_be_is_said_in_one_line_and_changes_nothing(running: Deployment, tmp_path: Path) -> None:
    out, before = tmp_path / "all.parquet", _counts(running)
    for arguments, code, text in (
        (["--segment", "age >"], 2, "--campaign and --out"),
        (["--segment", "age >", *everybody(out, "c")[2:]], 1, "INVALID_FIELD"),
        ([*everybody(out, "c"), "--channel", "pigeon"], 1, "UNKNOWN_CHANNEL"),
        ([*everybody(out, "c")[:-1], "/proc/none/x.parquet"], 1, "FILE_NOT_WRITTEN"),
        ([*everybody(tmp_path / "d", "d"), "--scheduler", "tcp://127.0.0.1:1"], 1, "NO_SCHEDULER"),
    ):
        done = ended(running, *arguments, code=code)
        assert text in done.stderr
        assert "Traceback" not in done.stderr
    assert not out.exists()
    assert _counts(running) == before
    finished = tmp_path / "done.parquet"
    finished.write_bytes(b"here")
    assert "FILE_EXISTS" in ended(running, *everybody(finished, "c"), code=1).stderr
