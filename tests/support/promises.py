"""How strong a promise is tested, what its test measured, and `make promise`, which tells both in one line of JSON.

    make test                   every promise at reduced strength: seconds each
    make promise NAME=ledger    tests/promises/test_ledger.py at full strength, within FULL_STRENGTH_SECONDS
    make promises               all of them, one after the other

The last line of `make promise` is `{"promise": "ledger", "passed": true, "figures": {...}}`. At full strength nothing
is skipped: a promise whose real server is missing is not kept.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "promises"
STRENGTH_VARIABLE = "TANDEM_PROMISE_STRENGTH"
FIGURES_VARIABLE = "TANDEM_PROMISE_FIGURES"

DEFAULT_SECONDS = 3_600
FULL_STRENGTH_SECONDS = {"decisions": 10_800, "freshness": 5_400, "triggers": 10_800}
"""After which a promise at full strength has failed; DEFAULT_SECONDS for one without a row."""

Figure = int | float | str | bool


def is_full_strength() -> bool:
    return os.environ.get(STRENGTH_VARIABLE) == "full"


def strength(*, reduced: int, full: int) -> int:
    """How often, how many, how long: for what is decided before a test runs (`max_examples`)."""
    return full if is_full_strength() else reduced


def seconds_of(name: str) -> int:
    return FULL_STRENGTH_SECONDS.get(name, DEFAULT_SECONDS)


def names() -> list[str]:
    return sorted(path.stem.removeprefix("test_") for path in FOLDER.glob("test_*.py"))


@dataclass(slots=True)
class Figures:
    """What the tests of a run measured, written down at once: it outlives a run that is ended."""

    told_by: dict[str, str] = field(default_factory=dict)

    def tell(self, name: str, value: Figure, test: str) -> None:
        other = self.told_by.setdefault(name, test)
        assert other == test, f"figure {name!r} was told by {other} already: give it another name"
        print(f"figure: {name} = {value}")
        path = os.environ.get(FIGURES_VARIABLE)
        if path:
            with Path(path).open("a") as lines:
                lines.write(json.dumps({name: value}) + "\n")


@dataclass(frozen=True, slots=True)
class Promise:
    """What a test of a promise is given."""

    test: str
    figures: Figures

    def strength(self, *, reduced: int, full: int) -> int:
        chosen = strength(reduced=reduced, full=full)
        print(f"strength: {chosen} ({'full' if is_full_strength() else f'reduced; {full} at full strength'})")
        return chosen

    def figure(self, name: str, value: Figure) -> None:
        """One measured value, for the last line of `make promise`. Telling it again replaces it; names of parametrised
        tests contain their parameter."""
        self.figures.tell(name, value, self.test)


def run(name: str, arguments: Sequence[str] = (), seconds: float | None = None) -> bool:
    """Runs one promise at full strength and prints its line. Answers whether it holds."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.jsonl"
        passed = name in names() and _pytest(name, arguments, path, seconds or seconds_of(name))
        figures = _read(path)
    figures["seconds"] = round(time.monotonic() - started, 1)
    print(json.dumps({"promise": name, "passed": passed, "figures": figures}), flush=True)
    return passed


def _pytest(name: str, arguments: Sequence[str], figures: Path, seconds: float) -> bool:
    module = str(FOLDER / f"test_{name}.py")
    command = [sys.executable, "-m", "pytest", "--capture=no", "--verbose", module, *arguments]
    settings = {STRENGTH_VARIABLE: "full", FIGURES_VARIABLE: str(figures), "REQUIRE_MONGO": "1"}
    # In a session of its own, so that the servers it started end with it.
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, start_new_session=True)
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        print(f"\n{name} took more than {seconds:g} s", flush=True)
        return False
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(path: Path) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        figures |= json.loads(line)
    return figures


def main(arguments: Sequence[str]) -> int:
    """`NAME [pytest arguments]`, or `--all`. Answers 0 where all that was asked holds, 2 for an unknown name."""
    if list(arguments) == ["--all"]:
        verdicts = [run(name) for name in names()]  # none is left out because one before it fell
        return 0 if all(verdicts) else 1
    name, *rest = arguments or [""]
    if name not in names():
        known = ", ".join(names()) or "none yet"
        print(f"there is no promise {name!r}; there are: {known} (make promise NAME=…)", file=sys.stderr, flush=True)
        print(json.dumps({"promise": name, "passed": False, "figures": {}}))
        return 2
    return 0 if run(name, rest) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
