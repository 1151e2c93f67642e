"""The reasons that code raises and the reasons that the contract documents are the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tandem.common.v1.error_reason_pb2 import ErrorReason

from shared import errors
from tests.support.source import ROOT, called_name, calls, python_files, relative, strings

PREFIX = "ERROR_REASON_"
DOCUMENTED = {name.removeprefix(PREFIX) for name in ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118 not a mapping
KINDS = {
    name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.TandemError)
}


def reasons_raised(path: Path) -> Iterator[tuple[int, str]]:
    """Line and reason of every literal reason given to an error."""
    for call in calls(path):
        kind = called_name(call).removeprefix("errors.")
        candidates = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
        if kind in KINDS:
            candidates += call.args[:1]
        elif kind.split(".")[0] not in KINDS:
            candidates = []
        yield from (
            (call.lineno, value.value)
            for value in candidates
            if isinstance(value, ast.Constant) and isinstance(value.value, str)
        )


def test_every_reason_raised_is_documented() -> None:
    raised = {
        f"{relative(path)}:{line}: {reason}"
        for path in python_files("services", "shared")
        for line, reason in reasons_raised(path)
        if reason not in DOCUMENTED
    }
    assert raised == set()


def test_every_documented_reason_is_raised_somewhere() -> None:
    written = {text for path in python_files("services", "shared") for text in strings(path)}
    assert DOCUMENTED - written == set()


def test_every_documented_reason_has_a_json_example() -> None:
    text = (ROOT / "protos/tandem/common/v1/error_reason.proto").read_text()
    missing = {reason for reason in DOCUMENTED if f'{{"reason": "{reason}", "domain": "tandem"' not in text}
    assert missing == set()
