"""`tandem import` and `tandem search` as people run them: killed, interrupted, and pointed at files that are wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tandem.profile.v1 import profile_service_pb2 as pb

from tests.support.importing import PURCHASES
from tests.support.servers import ROOT, Deployment, Form, Storage, deployed, free_address
from tests.support.tandem_client import TandemClient

ROWS = 2_000
BAD_EVERY = 250
MANY_ROWS = 5_000
"""Of an import that must not be over before it is ended, however late the test is given its turn."""
PROGRESS = 300
"""Rows that are done before something is killed."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("import")
    with deployed(Form.ONE, Storage(folder / "stores"), folder) as deployment:
        client = TandemClient(deployment.addresses)
        assert client.publish().active
        client.close()
        yield deployment


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """With a file of purchases, some of them broken, whose customers are of this test alone."""
    (tmp_path / "mapping.yaml").write_text(PURCHASES)
    write_rows(tmp_path, request.node.name.replace("_", "-")[:40], ROWS)
    return tmp_path


def write_rows(folder: Path, name: str, count: int) -> None:
    with (folder / "rows.csv").open("w") as rows:
        rows.write("who,day,amount\n")
        for number in range(1, count + 1):
            amount = "much" if number % BAD_EVERY == 0 else str(number)
            rows.write(f"{name}-{number % 397},2025-01-{number % 28 + 1:02},{amount}\n")


def environment() -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    return {**inherited, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "shared/gen")))}


def start(folder: Path, deployment: Deployment, *more: str) -> subprocess.Popen[str]:
    files = ("rows.csv", "--mapping", "mapping.yaml", "--rejects", "rejects.jsonl", "--resume", "progress.json")
    return subprocess.Popen(
        [sys.executable, "-m", "services.cli", "import", *files, "--target", deployment.addresses["profile"], *more],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hears_an_interrupt,
    )


def _hears_an_interrupt() -> None:
    """Also where the tests run in the background of a shell, which has its children ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_progress(folder: Path, importing: subprocess.Popen[str]) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            done = json.loads((folder / "progress.json").read_text())["files"][0]["rows_done"]
        except FileNotFoundError:
            done = 0
        if done >= PROGRESS:
            return int(done)
        assert importing.poll() is None, importing.communicate()
        time.sleep(0.02)
    raise AssertionError("the import makes no progress")


def recorded(deployment: Deployment, prefix: str) -> list[float]:
    """Amounts of all events whose customer's name begins so."""
    client = TandemClient(deployment.addresses)
    amounts = []
    for response in client.profile.TailEvents(pb.TailEventsRequest(types=["purchase"]), timeout=60):
        for each in response.events:
            if each.event.subject.identities[0].value.startswith(prefix):
                amounts.append(each.event.properties["amount"].double_value)
    client.close()
    return sorted(amounts)


def expect_everything_once(deployment: Deployment, folder: Path) -> None:
    lines = (folder / "rows.csv").read_text().splitlines()
    prefix = lines[1].partition(",")[0].rpartition("-")[0] + "-"
    good = [number for number in range(1, len(lines)) if number % BAD_EVERY]
    assert recorded(deployment, prefix) == [float(number) for number in good]
    rejected = [json.loads(line)["row"] for line in (folder / "rejects.jsonl").read_text().splitlines()]
    assert sorted(rejected) == list(range(BAD_EVERY, len(lines), BAD_EVERY))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_import_that_is_ended_goes_on_without_loss_or_repetition(
    running: Deployment, folder: Path, end: signal.Signals
) -> None:
    write_rows(folder, f"ended-by-{end.name}".lower(), MANY_ROWS)
    importing = start(folder, running, "--batch-size", "2")
    wait_for_progress(folder, importing)
    importing.send_signal(end)
    _, errors = importing.communicate(timeout=60)
    assert importing.returncode == (-signal.SIGKILL if end is signal.SIGKILL else 130), errors
    assert json.loads((folder / "progress.json").read_text())["files"][0]["rows_done"] < MANY_ROWS
    again = start(folder, running)
    output, errors = again.communicate(timeout=120)
    assert again.returncode == 3, errors
    assert "rows imported" in output
    expect_everything_once(running, folder)


@pytest.mark.timeout(240)
def test_import_outlives_a_server_that_is_killed(tmp_path: Path, folder: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    with deployed(Form.ONE, Storage(tmp_path / "stores"), logs) as deployment:
        importing = start(folder, deployment, "--batch-size", "20")
        wait_for_progress(folder, importing)
        deployment.processes["tandem"].kill()
        time.sleep(1.0)
        deployment.restart("tandem")
        _, errors = importing.communicate(timeout=120)
        assert importing.returncode == 3, errors
        expect_everything_once(deployment, folder)


def tandem(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"mapping.yaml": PURCHASES.replace("day", "date")}, 2, 'mapping.yaml:6:20: UNKNOWN_COLUMN no column "date"'),
        ({"mapping.yaml": PURCHASES.replace("type: double", "type: doubel")}, 2, "mapping.yaml:8:38: OUT_OF_RANGE"),
        ({"rows.csv": ""}, 2, "rows.csv: the file is empty"),
        ({"rows.csv": "who,who,day,amount\n"}, 2, 'rows.csv:1: the header names "who" twice'),
        ({"rows.csv": "who,day,amount\na,2025-01-01,1\nb\n"}, 3, "rows.csv:3: row 2: BROKEN_ROW has 1 cells"),
        ({"rows.csv": "who,day,amount\na,2025-01-01,x\n"}, 3, 'rows.csv:2: row 1: column "amount": BAD_CELL must be'),
        (
            {"rows.csv": b"who,day,amount\ncaf\xe9,2025-01-01,1\n"},
            3,
            'rows.csv:2: row 1: column "who": BROKEN_ROW holds',
        ),
        ({"progress.json": "{}"}, 1, "error: PROGRESS_FILE: progress.json is no progress file"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    folder: Path, changes: dict[str, str | bytes], code: int, text: str
) -> None:
    for name, content in changes.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    files = ("rows.csv", "--mapping", "mapping.yaml", "--rejects", "rejects.jsonl", "--resume", "progress.json")
    done = tandem(folder, "import", *files, "--data-dir", "stores", "--create")
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert text in done.stderr


def test_nobody_answers_is_said_at_once_and_nothing_is_lost(folder: Path) -> None:
    done = tandem(folder, "import", "rows.csv", "--mapping", "mapping.yaml", "--target", free_address())
    assert done.returncode == 1
    assert "error: UNAVAILABLE: no Tandem answers at" in done.stderr


def test_changed_file_is_not_gone_on_with(running: Deployment, folder: Path) -> None:
    (folder / "rows.csv").write_text("who,day,amount\nann-x,2025-01-01,1\n")
    assert start(folder, running).wait(60) == 0
    (folder / "rows.csv").write_text("who,day,amount\nann-x,2025-01-01,2\n")
    again = start(folder, running)
    _, errors = again.communicate(timeout=60)
    assert again.returncode == 1
    assert "IMPORT_CHANGED: rows.csv is not what progress.json was begun with" in errors


def test_what_was_imported_into_a_directory_is_found_by_a_search(tmp_path: Path, folder: Path) -> None:
    lines = (folder / "rows.csv").read_text().splitlines()[:200]
    (folder / "rows.csv").write_text("\n".join(lines))
    command = ("import", "rows.csv", "--mapping", "mapping.yaml", "--data-dir", "stores", "--json")
    refused = tandem(folder, *command)
    assert (refused.returncode, (folder / "stores").exists()) == (2, False)
    assert refused.stderr.startswith("error: NO_TANDEM_DATA: stores holds no Tandem data")
    for more, known in ((("--create",), 0), ((), 199)):
        done = tandem(folder, *command, *more)
        assert done.returncode == 0, done.stderr
        summary = json.loads(done.stdout)
        assert (summary["rows"], summary["duplicates"], summary["rejected"]) == (199, known, 0)
    (folder / "logs").mkdir()
    with deployed(Form.ONE, Storage(folder / "stores"), folder / "logs") as deployment:
        client = TandemClient(deployment.addresses)
        client.publish()
        client.close()
        target = ("--target", deployment.addresses["profile"])
        found = tandem(folder, "search", "true", "--json", *target)
        assert found.returncode == 0, found.stderr
        profiles: list[dict[str, Any]] = [json.loads(line) for line in found.stdout.splitlines()]
        assert len(profiles) == 199
        assert found.stderr.strip() == "199 found, 199 examined"
        some = tandem(folder, "search", "true", "--limit", "2", *target)
        assert all(each["profile_id"] in some.stdout for each in profiles[:2])
        assert some.stderr.startswith("2 found, 2 examined; go on with --page-token ")
        wrong = tandem(folder, "search", "size(loyalty) >", *target)
        assert wrong.returncode == 1
        assert "error: INVALID_FIELD: condition: 1:" in wrong.stderr
