"""From conditions to single-message rules: what those cannot say stands in the message as an attribute.

    age >= 18                     the test as it is: the message holds age
    days_since(last_purchase)     as it is: the message holds last_purchase and NOW_ATTRIBUTE
    in_segment("gold"), other CEL a bool "holds.7", evaluated in this process; absent where it is unknown

A segment that is FALSE where it is unknown is written out where only its truth counts, one that is TRUE then where
only its falsity does. Properties whose type differs between event types are "event.amount.double", all others
"event.amount".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.rules.domain.condition import AllOf, AnyOf, Condition, Membership, Not, Opaque, TermKind, Test
from services.rules.domain.kleene import UNKNOWN
from services.rules.domain.matching import NOW_ATTRIBUTE
from services.rules.domain.rule_set import EventTypeDeclaration
from services.rules.domain.triggers.message_tests import equals
from services.rules.domain.triggers.reading import Reader, Reading, Types, decider, is_property, name_reader
from services.rules.domain.triggers.vocabulary import EVENT_PREFIX
from services.rules.domain.written import OnUnknown
from shared.values import AttributeType, Value

_TIMED = {TermKind.NOW, TermKind.DAYS_SINCE, TermKind.HOURS_SINCE, TermKind.ELAPSED}


@dataclass(frozen=True, slots=True)
class Lowered:
    """A condition without Opaque and Membership, and how the attributes it reads are computed."""

    condition: Condition
    inputs: Mapping[str, Reader]


class Lowering:
    """Of all the rules of one program: what they share, they share in the message, too.

    `types` are those of the attributes that messages may hold so far.
    """

    def __init__(self, event_types: Iterable[EventTypeDeclaration], segments: Mapping[str, Membership]) -> None:
        self.types: dict[str, AttributeType] = {}
        self._segments = segments
        self._numbers: dict[object, int] = {}
        kinds: dict[str, set[AttributeType]] = {}
        for each in event_types:
            for name, kind in each.properties.items():
                kinds.setdefault(EVENT_PREFIX + name, set()).add(kind)
        self._ambiguous = {name for name, found in kinds.items() if len(found) > 1}

    def lower(self, condition: Condition, types: Types) -> Lowered:
        """`types` are those of all names in the condition."""
        inputs: dict[str, Reader] = {}
        return Lowered(self._lower(condition, types, inputs, is_positive=True), inputs)

    def _lower(self, condition: Condition, types: Types, inputs: dict[str, Reader], *, is_positive: bool) -> Condition:
        match condition:
            case Not(operand=operand):
                return Not(self._lower(operand, types, inputs, is_positive=not is_positive))
            case AllOf(operands=parts):
                return AllOf(tuple(self._lower(each, types, inputs, is_positive=is_positive) for each in parts))
            case AnyOf(operands=parts):
                return AnyOf(tuple(self._lower(each, types, inputs, is_positive=is_positive) for each in parts))
            case Test():
                return self._test(condition, types, inputs)
            case Membership(condition=inner, on_unknown=on_unknown) if is_positive is (
                on_unknown is not OnUnknown.PASS
            ):
                return self._lower(inner, types, inputs, is_positive=is_positive)
            case Membership() | Opaque():
                return self._held(condition, types, inputs)
            case _:
                return condition

    def _test(self, test: Test, types: Types, inputs: dict[str, Reader]) -> Test:
        if test.term.kind in _TIMED:
            inputs[NOW_ATTRIBUTE] = _now
        if test.term.kind is TermKind.NOW:
            return test
        attribute, kind = test.term.attribute, types[test.term.attribute]
        name = f"{attribute}.{kind.text}" if attribute in self._ambiguous and is_property(attribute) else attribute
        self.types[name] = kind
        inputs[name] = name_reader(attribute, kind)
        return test if name == attribute else replace(test, term=replace(test.term, attribute=name))

    def _held(self, condition: Membership | Opaque, types: Types, inputs: dict[str, Reader]) -> Test:
        # Opaque parts of one text may differ in the types of the properties they read.
        read = condition.attributes if isinstance(condition, Opaque) else ()
        key = (condition, tuple((name, types[name]) for name in read))
        name = f"holds.{self._numbers.setdefault(key, len(self._numbers))}"
        self.types[name] = AttributeType.BOOL
        decide = decider(condition, types, self._segments)

        def holds(reading: Reading) -> Value:
            verdict = decide(reading)
            return None if verdict == UNKNOWN else bool(verdict)

        inputs[name] = holds
        return equals(name, True)


def _now(reading: Reading) -> Value:
    return reading.now
