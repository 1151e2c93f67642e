"""How a policy arbitrates, beyond what is explored: its formula, what one request may have at most, randomised silence,
how long a proposition is served again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from services.orchestrator.domain.arbitration.worth import Formula
from services.orchestrator.domain.at_most import GROUP, ISSUE, AtMost
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.policy.fields import Field, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import duration_ms, integer, number, text
from services.orchestrator.domain.policy.shapes import TEXT, list_shape, record
from services.orchestrator.domain.policy.words import Reference, choice, reference, within
from services.orchestrator.domain.policy_parts import Place

MAX_AT_MOST = 1_000_000
TERMS = tuple(term.name for term in fields(Formula))
_COST = "cost"
_FORMULA_WORDS = f"a product of {', '.join(TERMS[:-1])}, with or without - {_COST} behind it"
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\S")


@dataclass(frozen=True, slots=True)
class AtMostDeclaration:
    """`group` and `issue` where one of that kind is named."""

    at_most: AtMost
    group: Reference | None = None
    issue: Reference | None = None

    @property
    def mentions(self) -> Mapping[str, Reference | None]:
        return {"group": self.group, "issue": self.issue}


def _formula(node: Node) -> Formula:
    """Terms multiplied with each other, each once; then, if wanted, less the cost."""
    written = text(node)
    assert isinstance(node, ScalarNode), "a text is a scalar"
    tokens = [(match.group(), _at(node, match.start())) for match in _TOKEN.finditer(written)]
    terms: list[str] = []
    while True:
        terms.append(_term(tokens.pop(0) if tokens else None, terms, _after(node, written)))
        if not tokens:
            break
        operator, place = tokens.pop(0)
        if operator == "-" and [word for word, _ in tokens] == [_COST]:
            terms.append(_COST)
            break
        if operator != "*":
            raise Refused(place, f"must be {_FORMULA_WORDS}: nothing else can stand here", code="BAD_FORMULA")
    return Formula(**{term: term in terms for term in TERMS})


def _term(token: tuple[str, Place] | None, before: list[str], end: Place) -> str:
    if token is None:
        raise Refused(end, f"must be {_FORMULA_WORDS}: a term is missing at the end", code="BAD_FORMULA")
    word, place = token
    if word not in TERMS:
        raise Refused(place, f"{word!r} is no term of a formula{suggestion(word, TERMS)}", code="BAD_FORMULA")
    if word == _COST:
        raise Refused(place, f"{_COST} can only be subtracted, at the end", code="BAD_FORMULA")
    if word in before:
        raise Refused(place, f"{word} stands twice: priorities must be a line in it", code="BAD_FORMULA")
    return word


def _at(node: ScalarNode, offset: int) -> Place:
    start = node.text_place
    return Place(start.file, start.line, start.column + offset)


def _after(node: ScalarNode, written: str) -> Place:
    return _at(node, len(written))


COUNT = Field("count", within(integer, 1, MAX_AT_MOST), required=True)
GROUP_NAMED = Field("group", leaf(reference))
ISSUE_NAMED = Field("issue", leaf(reference))
PER = Field("per", leaf(choice({GROUP, ISSUE})))
AT_MOST_FIELDS: tuple[Field[Any], ...] = (GROUP_NAMED, ISSUE_NAMED, PER, COUNT)


def _at_most(node: Node, findings: Findings) -> AtMostDeclaration | None:
    read = read_fields(node.place, node, AT_MOST_FIELDS, findings)
    written = [field for field in (GROUP_NAMED, ISSUE_NAMED, PER) if read.is_written(field)]
    if len(written) != 1:
        message = 'must name one of "group", "issue" and "per": what there may be so many of'
        raise Refused(node.place, message, code="CONFLICTING_KEYS" if written else "MISSING_KEY")
    count = read.get(COUNT, 1)
    if PER in written:
        return AtMostDeclaration(AtMost(read.get(PER, GROUP), count))
    kind, named = (
        (GROUP, read.get(GROUP_NAMED, None)) if GROUP_NAMED in written else (ISSUE, read.get(ISSUE_NAMED, None))
    )
    if named is None:
        return None
    at_most = AtMost(kind, count, named.name)
    return AtMostDeclaration(at_most, named if kind == GROUP else None, named if kind == ISSUE else None)


SILENCE_SHARE = within(number, 0, 1)
INBOUND_SILENCE = Field("inbound", SILENCE_SHARE)
OUTBOUND_SILENCE = Field("outbound", SILENCE_SHARE)
SILENCE_FIELDS = (INBOUND_SILENCE, OUTBOUND_SILENCE)


def _silence(node: Node, findings: Findings) -> Mapping[Direction, float]:
    read = read_fields(node.place, node, SILENCE_FIELDS, findings)
    return {Direction.INBOUND: read.get(INBOUND_SILENCE, 0.0), Direction.OUTBOUND: read.get(OUTBOUND_SILENCE, 0.0)}


FORMULA = Field("formula", leaf(_formula, TEXT))
AT_MOST = Field("at_most", list_of(_at_most), shape=list_shape(record(AT_MOST_FIELDS)))
RANDOMISED_SILENCE = Field("randomised_silence", _silence, shape=record(SILENCE_FIELDS))
CHANNEL_SILENCE = Field("randomised_silence", SILENCE_SHARE)
STICKY = Field("sticky", leaf(duration_ms))
ARBITRATION_FIELDS: tuple[Field[Any], ...] = (FORMULA, AT_MOST, RANDOMISED_SILENCE, STICKY)
