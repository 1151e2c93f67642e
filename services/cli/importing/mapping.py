"""How a row becomes what somebody is, did and permits: a mapping file, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from services.orchestrator.domain.policy_parts import Place
from shared.values import AttributeType, Scalar


class FileFormat(StrEnum):
    CSV = "csv"
    JSON_LINES = "json_lines"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the mapping names it; of nested JSON, keys joined by dots."""

    name: str
    place: Place


Columns = tuple[Column, ...]
"""The first of these that holds something in a row counts."""


@dataclass(frozen=True, slots=True)
class ValueMapping:
    columns: Columns
    type: AttributeType
    values: Mapping[str, Scalar] | None = None
    """What the texts in the column stand for; another text is refused."""
    separator: str = ""
    """Between the elements of a list that is written as one text."""


@dataclass(frozen=True, slots=True)
class WordMapping:
    """A word of the contract (an event type, a channel): the same for all rows, or by the text of a column."""

    constant: str = ""
    columns: Columns = ()
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TimeMapping:
    """A moment: the same for all rows, or of a column. Without a format, ISO 8601; with a unit, a number of those."""

    zone: tzinfo
    """Of times that name no offset."""
    constant_ms: int | None = None
    columns: Columns = ()
    format: str = ""
    """As strptime takes it."""
    unit_ms: float = 0.0
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows an item is made of: those whose column holds one of the texts."""

    columns: Columns
    texts: frozenset[str]


@dataclass(frozen=True, slots=True)
class IdentityMapping:
    namespace: str
    columns: Columns
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class EventMapping:
    type: WordMapping
    time: TimeMapping
    id_columns: Columns
    """Together they name the event; without any, the whole row and its number do."""
    properties: Mapping[str, ValueMapping]
    when: Condition | None


@dataclass(frozen=True, slots=True)
class TraitMapping:
    name: str
    value: ValueMapping
    source: str


@dataclass(frozen=True, slots=True)
class ConsentMapping:
    """`texts` are free fields of the consent, by their names in the contract."""

    purpose: WordMapping
    channel: WordMapping
    status: WordMapping
    time: TimeMapping
    namespace: str
    """Of the identity it is about; empty: the primary one."""
    legal_basis: str
    texts: Mapping[str, WordMapping]
    expire_time: TimeMapping | None
    when: Condition | None


@dataclass(frozen=True, slots=True)
class ImportMapping:
    identities: tuple[IdentityMapping, ...]
    events: tuple[EventMapping, ...]
    traits: tuple[TraitMapping, ...]
    observed_time: TimeMapping | None
    """Of all traits; there where there are any."""
    consents: tuple[ConsentMapping, ...]
    columns: Columns
    """Every column that is named anywhere."""
    format: FileFormat | None = None
    """None: by the name of the file."""
    encoding: str = "utf-8"
    delimiter: str = ""
    """Empty: by the name of the file."""
    header: tuple[str, ...] = ()
    """The names of the columns where a CSV file has no line that says them."""
    null_texts: frozenset[str] = frozenset({""})
    """Texts that say that there is no value."""
