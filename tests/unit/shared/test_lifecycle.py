"""A process from start to exit code, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

SERVICE = """
import asyncio, sys
from shared.lifecycle import run_service
from shared.settings import ServiceSettings

class Resource:
    async def __aenter__(self):
        print("open", flush=True)
    async def __aexit__(self, *_):
        await asyncio.sleep(0.01)
        print("closed", flush=True)

async def start(settings, stack):
    await stack.enter_async_context(Resource())
    {body}
    print("ready", flush=True)

sys.exit(run_service(ServiceSettings, start, sys.argv[1:]))
"""


def start(body: str = "", *arguments: str, **environment: str) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    return subprocess.Popen(
        [sys.executable, "-c", SERVICE.replace("{body}", body), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean | environment,
    )


def read_until(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for each in process.stdout:
        if each.strip() == line:
            return
    raise AssertionError(f"the process ended before it said {line}: {process.communicate()[1]}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_closes_everything_and_exits_0(number: signal.Signals) -> None:
    process = start()
    read_until(process, "ready")
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "closed\n", "")


def test_signal_during_start_closes_what_is_open_and_exits_0() -> None:
    process = start("await asyncio.sleep(60)")
    read_until(process, "open")
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "closed\n", "")


def test_second_signal_does_not_wait() -> None:
    process = start("stack.push_async_callback(asyncio.sleep, 60); stack.callback(print, 'closing', flush=True)")
    read_until(process, "ready")
    process.send_signal(signal.SIGTERM)
    read_until(process, "closing")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGTERM


def test_what_cannot_start_says_so_in_one_line_and_exits_2() -> None:
    process = start("from shared.errors import StartupError; raise StartupError('no disk')")
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (2, "open\nclosed\n", "no disk\n")


def test_fault_at_start_exits_1_with_its_stack() -> None:
    process = start("1 / 0")
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output) == (1, "open\nclosed\n")
    assert "ZeroDivisionError" in errors


def test_wrong_setting_is_one_line_and_exits_2() -> None:
    process = start(TANDEM_STOER="mongo")
    output, errors = process.communicate(timeout=10)
    expected = "TANDEM_STOER is not a setting: did you mean TANDEM_STORE?\n"
    assert (process.returncode, output, errors) == (2, "", expected)


def test_print_config_prints_and_exits_0_without_starting() -> None:
    process = start("", "--print-config", TANDEM_DRAIN_SECONDS="3")
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "TANDEM_DRAIN_SECONDS=3.0" in output
    assert "open\n" not in output


def test_unknown_argument_is_refused() -> None:
    process = start("", "--port", "1")
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert "--port" in errors


def test_what_a_server_starts_with_is_not_looked_through_for_garbage_again() -> None:
    body = """
    import gc
    stack.kept = [[] for _ in range(100_000)]
    asyncio.get_running_loop().call_later(0.2, lambda: print("frozen", gc.get_freeze_count(), gc.get_threshold()[0]))
    asyncio.get_running_loop().call_later(0.2, sys.stdout.flush)
    """
    process = start(body)
    assert process.stdout is not None
    words = next(line for line in process.stdout if line.startswith("frozen")).split()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert int(words[1]) > 100_000
    assert int(words[2]) == 10_000
