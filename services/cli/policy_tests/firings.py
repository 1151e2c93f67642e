"""Compares what triggers did with what a case expects of them: each firing once, at its time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from services.cli.policy_tests.cases import Case, Fired
from services.cli.policy_tests.facts_file import property_value
from services.cli.policy_tests.problems import Problem
from services.orchestrator.domain.policy.scalars import span_words
from services.rules.domain.triggers.outcome import Firing
from shared.values import Value


def firing_problems(case: Case, firings: Sequence[Firing]) -> Iterator[Problem]:
    if case.expected.fired is None:
        return
    left = list(firings)
    missing = []
    for expected in case.expected.fired:
        found = next((each for each in left if _is_as(expected, each, case.at_ms)), None)
        if found is None:
            missing.append(expected)
        else:
            left.remove(found)
    for expected in missing:
        near = [each for each in left if each.trigger_id == expected.trigger]
        came = "; ".join(_came(each, case.at_ms) for each in near) or "nothing"
        yield Problem(expected.place, f"trigger {expected.trigger}", _words(expected, case.at_ms), came)
        left = [each for each in left if each not in near]
    for each in left:
        yield Problem(case.expected.place, f"trigger {each.trigger_id}", "nothing", _came(each, case.at_ms))


def _is_as(expected: Fired, firing: Firing, start_ms: int) -> bool:
    if (firing.trigger_id, firing.fired_ms - start_ms) != (expected.trigger, expected.after_ms):
        return False
    if expected.trait:
        return firing.trait == expected.trait and firing.payload.get(firing.trait) == expected.value
    payload = {name: property_value(fact, start_ms) for name, fact in (expected.payload or {}).items()}
    return firing.name == expected.emit and payload.items() <= dict(firing.payload).items()


def _words(expected: Fired, start_ms: int) -> str:
    if expected.trait:
        return f"after {span_words(expected.after_ms)}: sets {expected.trait} to {expected.value!r}"
    payload = {name: property_value(fact, start_ms) for name, fact in (expected.payload or {}).items()}
    return f"after {span_words(expected.after_ms)}: {expected.emit}{_payload(payload)}"


def _came(firing: Firing, start_ms: int) -> str:
    after = f"after {span_words(firing.fired_ms - start_ms)}"
    if firing.trait:
        return f"{after}: sets {firing.trait} to {firing.payload.get(firing.trait)!r}"
    return f"{after}: {firing.name}{_payload(firing.payload)}"


def _payload(values: Mapping[str, Value]) -> str:
    return f" {dict(values)}" if values else ""
