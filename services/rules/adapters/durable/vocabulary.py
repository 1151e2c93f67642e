"""The fields that the rules of one version read, gathered while they are compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.rules.adapters.durable.fields import ANSWERED, OTHER_TEXT, TEXT, Encode, Kind, answer_of, kind_of
from services.rules.adapters.durable.names import NameGiver
from services.rules.domain.condition import Default, Term, TermKind, Test
from services.rules.domain.indexed.native_tests import Derivation, derivation
from services.rules.domain.matching import NOW_ATTRIBUTE
from shared.values import AttributeType, Value

_SINCE = {TermKind.DAYS_SINCE, TermKind.HOURS_SINCE, TermKind.ELAPSED}


@dataclass(slots=True)
class Field:
    """One field of a message. `encode` gives a term's value to the engine."""

    index: int
    name: str
    kind: Kind
    encode: Encode
    texts: dict[str, str] = field(default_factory=dict)

    def operand(self, value: object) -> str:
        """A constant as the rules hold it; a text becomes one that messages may hold, too."""
        text = self.kind.encode(value)
        if self.kind is TEXT:
            self.texts[str(value)] = text
        return text


@dataclass(frozen=True, slots=True)
class Probe:
    """A term, and the fields that are computed from its value. `default` stands in for an unknown attribute."""

    attribute: str
    type: AttributeType
    default: Value
    derive: Derivation | None
    needs_time: bool
    fields: tuple[Field, ...]


class Vocabulary:
    def __init__(self, attributes: Mapping[str, AttributeType]) -> None:
        self._attributes = {**attributes, NOW_ATTRIBUTE: AttributeType.TIMESTAMP}
        self._names = NameGiver()
        self._fields: list[Field] = []
        self._terms: dict[tuple[Term, Default | None], dict[object, Field]] = {}

    @property
    def size(self) -> int:
        return len(self._fields)

    def type_of(self, test: Test) -> AttributeType | None:
        """None where the test reads what no message may hold."""
        return self._attributes.get(_attribute(test.term))

    def field(self, test: Test) -> Field:
        """The field that the engine tests for it: of the term's value, or, see is_answered(), our own answer."""
        kind = kind_of(test, self.type_of(test))
        of_term = self._terms.setdefault((test.term, test.default), {})
        key = test if kind is None else kind.letter
        if key not in of_term:
            of_term[key] = self._new(test, kind)
        return of_term[key]

    def probes(self) -> tuple[Probe, ...]:
        return tuple(
            Probe(
                attribute=_attribute(term),
                type=self._attributes[_attribute(term)],
                default=None if default is None else default.value,
                derive=derivation(term.kind),
                needs_time=term.kind in _SINCE,
                fields=tuple(fields.values()),
            )
            for (term, default), fields in self._terms.items()
        )

    def _new(self, test: Test, kind: Kind | None) -> Field:
        text = test.term.kind.value.format(test.term.attribute)
        index = len(self._fields)
        if kind is None:
            made = Field(index, self._names.name("x", f"{text} {test.operator.value}"), ANSWERED, _answering(test))
        elif kind is TEXT:
            texts: dict[str, str] = {}
            made = Field(index, self._names.name("s", text), kind, lambda value: texts.get(value, OTHER_TEXT), texts)
        else:
            made = Field(index, self._names.name(kind.letter, text), kind, kind.encode)
        self._fields.append(made)
        return made


def is_answered(field: Field) -> bool:
    """Whether the field is the parent's answer to one test."""
    return field.kind is ANSWERED


def _answering(test: Test) -> Encode:
    answer = answer_of(test)
    return lambda value: "true" if answer(value) else "false"


def _attribute(term: Term) -> str:
    return NOW_ATTRIBUTE if term.kind is TermKind.NOW else term.attribute
