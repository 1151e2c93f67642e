"""Conditions on the properties of an event, in CEL: what a filter lets through, and what a SHARE counts.

They read `event.<property>`, of the types the aggregate declares. A property that is missing, empty or of another type
has no value; a condition that needs it is unknown, and so does not hold. Checked when a schema is published, compiled
once, evaluated by the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from services.profile.domain.stored import StoredValue
from shared.cel.checks import condition_problems
from shared.cel.library import CelEnvironment, CheckedExpression, TooManySteps, is_readable
from shared.cel.problems import Problem
from shared.cel.syntax import free_names
from shared.cel.work import Polynomial, size_of, work, work_bound
from shared.values import AttributeType, conform

EVENT_PREFIX = "event."
MAX_WORK = 20_000
"""Steps of one evaluation, beyond which a condition does not hold: about a millisecond."""

Properties = tuple[tuple[str, AttributeType], ...]


class EventCondition:
    def __init__(self, text: str, properties: Properties) -> None:
        checked = _environment(properties).check(text)
        assert isinstance(checked, CheckedExpression), "the schema was checked"
        read = set(free_names(checked.root))
        self._environment = checked.environment
        self._program = checked.program(checked.root, {})
        self._read = [(name, f"{EVENT_PREFIX}{name}", kind) for name, kind in properties if EVENT_PREFIX + name in read]
        sized = {name for _, name, kind in self._read if kind.is_list or kind is AttributeType.STRING}
        self._work: Polynomial = work_bound(checked.root, sized.__contains__)

    def holds(self, properties: Mapping[str, StoredValue]) -> bool:
        values = {}
        sizes = {}
        for name, variable, kind in self._read:
            value = properties.get(name)
            if value is None:
                continue
            try:
                value = conform(value, kind)
            except ValueError:
                continue
            if is_readable(value):
                values[variable] = list(value) if isinstance(value, tuple) else value
                sizes[variable] = size_of(value)
        if work(self._work, sizes) > MAX_WORK:
            return False
        try:
            return self._program.run(self._environment.activation(values)) is True
        except TooManySteps:
            return False


@lru_cache(maxsize=4096)
def condition_of(text: str, properties: Properties) -> EventCondition:
    return EventCondition(text, properties)


def problems_of(text: str, properties: Mapping[str, AttributeType]) -> tuple[Problem, ...]:
    """Everything that is wrong with a condition."""
    return condition_problems(text, _environment(tuple(properties.items())))


def _environment(properties: Properties) -> CelEnvironment:
    return CelEnvironment({EVENT_PREFIX + name: kind for name, kind in properties}, has_clock=False)
