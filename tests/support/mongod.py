"""A real MongoDB for tests: where its binary comes from, and one running as a replica set of one member (of three:
`tests.support.replica_set`).

Order: `$MONGOD_BIN`, `mongod` on PATH, the cache that `make mongod` fills. Transactions and majority writes need a
replica set, so a standalone server is never started.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

CACHED_BINARY = Path(__file__).resolve().parents[2] / ".cache" / "mongod" / "mongod"
REPLICA_SET = "tandem"
START_ATTEMPTS = 3
START_SECONDS = 60.0
STOP_SECONDS = 30.0

# A test run that is killed leaves no server behind. (No preexec_fn: it forks, which gRPC does not always survive.)
# "Parent" is the thread that starts it: one that ends before the test does must not.
_PR_SET_PDEATHSIG = 1
_END_WITH_PARENT = (
    sys.executable,
    "-c",
    "import ctypes, os, sys\n"
    f"if sys.platform == 'linux': ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, {int(signal.SIGTERM)})\n"
    "os.execv(sys.argv[1], sys.argv[1:])",
)

_PACKAGE_OF_LIBRARY = {
    "libcurl": "libcurl4",
    "libssl": "libssl3 (OpenSSL 3)",
    "libcrypto": "libssl3 (OpenSSL 3)",
    "liblzma": "liblzma5",
}


class MongoUnavailable(Exception):
    """There is no MongoDB to test on; the text says why and what would help."""


def find_binary() -> Path:
    """The mongod to run. Raises MongoUnavailable when there is none, or when it cannot run on this machine."""
    configured = os.environ.get("MONGOD_BIN")
    on_path = shutil.which("mongod")
    if configured:
        return _checked(Path(configured))
    if on_path:
        return _checked(Path(on_path))
    if CACHED_BINARY.exists():
        return _checked(CACHED_BINARY)
    raise MongoUnavailable("no mongod: run `make mongod`, or set MONGOD_BIN or STORE_TEST_MONGO_URI")


def _checked(binary: Path) -> Path:
    try:
        version = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=30, check=False)
    except OSError as error:
        raise MongoUnavailable(f"{binary} does not run: {error}") from error
    if version.returncode != 0:
        raise MongoUnavailable(explain_failure(binary, version.stderr))
    return binary


def explain_failure(binary: Path, stderr: str) -> str:
    """One sentence for why `mongod --version` failed, naming the system package of a missing library."""
    missing = re.search(r"(lib\w+)\.so[\w.]*: (?:cannot open|version)", stderr)
    if missing and missing[1] in _PACKAGE_OF_LIBRARY:
        return f"{binary} needs the system package {_PACKAGE_OF_LIBRARY[missing[1]]}, which is not installed"
    return f"{binary} does not run here: {stderr.strip() or 'it ended without a message'}"


@contextmanager
def running_mongod(binary: Path, directory: Path) -> Iterator[str]:
    """Runs a replica set of one member on 127.0.0.1 with its data in `directory`; yields its URI."""
    for attempt in range(START_ATTEMPTS):
        (port,) = free_ports(1)
        data = directory / f"data{attempt}"
        log = directory / f"mongod{attempt}.log"
        process = start_server(binary, data, log, port)
        try:
            if _became_primary(process, port):
                yield f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"
                return
        finally:
            stop_server(process)
    raise MongoUnavailable(f"{binary} ended while starting; its last words: {last_words(log)}")


def start_server(
    binary: Path, data: Path, log: Path, port: int, parameters: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """A member of a replica set that was not initiated yet, or was before on the same data."""
    data.mkdir(parents=True, exist_ok=True)
    arguments = ["--dbpath", data, "--port", port, "--bind_ip", "127.0.0.1", "--nounixsocket"]
    arguments += ["--replSet", REPLICA_SET, "--oplogSize", 64, "--wiredTigerCacheSizeGB", 0.25]
    # Clocks of tests stand still, in the past: what is told then would be deleted at once.
    arguments += ["--setParameter", "ttlMonitorEnabled=false"]
    arguments += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
    arguments += ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"]
    for parameter in parameters:
        arguments += ["--setParameter", parameter]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*_END_WITH_PARENT, str(binary), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _became_primary(process: subprocess.Popen[bytes], port: int) -> bool:
    """False when the process ended (the port was taken in between): the caller tries the next port."""
    deadline = time.monotonic() + START_SECONDS
    client: MongoClient[dict[str, Any]] = MongoClient("127.0.0.1", port, directConnection=True, timeoutMS=2_000)
    with client:
        while process.poll() is None:
            if _initiated(client, port):
                return True
            if time.monotonic() > deadline:
                raise MongoUnavailable(f"mongod on port {port} had no primary within {START_SECONDS:.0f} s")
            time.sleep(0.05)
    return False


def _initiated(client: MongoClient[dict[str, Any]], port: int) -> bool:
    members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
    try:
        hello = client.admin.command("hello")
        if "setName" not in hello:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return bool(hello.get("isWritablePrimary"))
    except PyMongoError:
        return False


def stop_server(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_ports(count: int) -> list[int]:
    """Distinct ones: each is held until all are found."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "none"
