"""A row as messages of the contract: all that it says, or a refusal. Nothing of a refused row is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from google.protobuf.message import Message
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.profile.v1.consent_pb2 import Consent
from tandem.profile.v1.event_pb2 import Event
from tandem.profile.v1.trait_pb2 import Trait

from services.cli.importing.cells import RowRefused, cell_of, text_of, time_of, value_of, word_of
from services.cli.importing.files.rows import Cell, Row
from services.cli.importing.mapping import (
    Condition,
    ConsentMapping,
    EventMapping,
    ImportMapping,
    TraitMapping,
)
from shared.rpc.values import timestamp_proto, value_to_proto

MAX_ID_CHARS = 128
MAX_ROW_BYTES = 16 * 2**20
"""Of all that is made of one row: servers take requests of a little more, unless they are set to take less."""
_HASH_BYTES = 15

_encode = msgspec.msgpack.Encoder(order="sorted", enc_hook=str).encode


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that a row gives an id of its own: another row may not say something else of it."""

    id_hash: bytes
    content_hash: bytes
    column: str

    @classmethod
    def of(cls, event: Event, column: str) -> Claim:
        return cls(_hash(event.event_id.encode()), _hash(event.SerializeToString(deterministic=True)), column)


@dataclass(frozen=True, slots=True)
class Items:
    """What one row says. Empty where no part of the mapping is about such rows."""

    row: Row
    subject: Subject
    events: tuple[Event, ...]
    traits: tuple[Trait, ...]
    consents: tuple[Consent, ...]
    claims: tuple[Claim, ...] = ()
    """The ids that the row itself gives to its events; those that are made of it as a whole cannot meet."""

    @property
    def is_empty(self) -> bool:
        return not (self.events or self.traits or self.consents)

    @property
    def messages(self) -> Sequence[Message]:
        return (self.subject, *self.events, *self.traits, *self.consents)

    @property
    def person(self) -> str:
        """Rows of one person are sent in their order, as far as their first identity says who it is."""
        identity = self.subject.identities[0]
        return f"{identity.namespace}={identity.value}"


class ItemBuilder:
    def __init__(self, mapping: ImportMapping) -> None:
        self._mapping = mapping
        self._null_texts = mapping.null_texts

    def items_of(self, row: Row) -> Items:
        """Raises RowRefused."""
        subject = self._subject(row)
        made = [
            (each, self._event(row, subject, index, each))
            for index, each in enumerate(self._mapping.events)
            if self._applies(row, each.when)
        ]
        consents = tuple(
            consent
            for each in self._mapping.consents
            if self._applies(row, each.when) and (consent := self._consent(row, subject, each)) is not None
        )
        items = Items(
            row,
            subject,
            events=tuple(event for _, event in made),
            traits=self._traits(row),
            consents=consents,
            claims=tuple(Claim.of(event, each.id_columns[0].name) for each, event in made if each.id_columns),
        )
        if sum(message.ByteSize() for message in items.messages) > MAX_ROW_BYTES:
            raise RowRefused("", f"says more than fits into one request: {MAX_ROW_BYTES:,} bytes")
        return items

    def _subject(self, row: Row) -> Subject:
        identities = []
        for each in self._mapping.identities:
            column, cell = cell_of(row, each.columns, self._null_texts)
            if cell is not None:
                value = text_of(column, cell)
                identities.append(Identity(namespace=each.namespace, value=value, primary=each.is_primary))
        if not identities:
            raise RowRefused(self._mapping.identities[0].columns[0].name, "names nobody: no identity has a value")
        return Subject(identities=identities)

    def _applies(self, row: Row, condition: Condition | None) -> bool:
        if condition is None:
            return True
        _, cell = cell_of(row, condition.columns, frozenset())
        text = "" if cell is None else ("true" if cell else "false") if isinstance(cell, bool) else str(cell).strip()
        return text in condition.texts

    def _event(self, row: Row, subject: Subject, index: int, mapping: EventMapping) -> Event:
        kind = word_of(row, mapping.type, self._null_texts)
        if not kind:
            raise RowRefused(mapping.type.columns[0].name, "holds no event type")
        event = Event(
            event_id=self._event_id(row, index, mapping),
            subject=subject,
            type=kind,
            event_time=timestamp_proto(time_of(row, mapping.time, self._null_texts)),
        )
        for name, each in mapping.properties.items():
            value = value_of(row, each, self._null_texts)
            if value is not None:
                event.properties[name].CopyFrom(value_to_proto(value))
        return event

    def _event_id(self, row: Row, index: int, mapping: EventMapping) -> str:
        """As the row names it, or by its content and number: the same again when the file is imported again."""
        if not mapping.id_columns:
            # The number comes first: ids in the order of the file are quicker to store than ids in none.
            return _derived(f"row_{row.number:09}", [index, row.number, row.cells])
        parts = [(column.name, _own_cell(row, column.name, self._null_texts)) for column in mapping.id_columns]
        for column, cell in parts:
            if cell is None:
                raise RowRefused(column, "holds no part of the event id")
        texts = [text_of(column, cell) for column, cell in parts]
        if len(texts) > 1:
            return _derived("key", [index, texts])
        if len(texts[0]) > MAX_ID_CHARS or not texts[0].isprintable():
            raise RowRefused(parts[0][0], f"an event id has at most {MAX_ID_CHARS} printable characters")
        return texts[0]

    def _traits(self, row: Row) -> tuple[Trait, ...]:
        if not self._mapping.traits:
            return ()
        assert self._mapping.observed_time is not None, "the mapping was checked"
        found = [(each, value_of(row, each.value, self._null_texts)) for each in self._mapping.traits]
        if all(value is None for _, value in found):
            return ()
        observed = timestamp_proto(time_of(row, self._mapping.observed_time, self._null_texts))

        def trait(each: TraitMapping) -> Trait:
            return Trait(name=each.name, source=f"TRAIT_SOURCE_{each.source}", observed_time=observed)

        traits = []
        for each, value in found:
            if value is not None:
                traits.append(trait(each))
                traits[-1].value.CopyFrom(value_to_proto(value))
        return tuple(traits)

    def _consent(self, row: Row, subject: Subject, mapping: ConsentMapping) -> Consent | None:
        """None where the row says nothing of it."""
        status = word_of(row, mapping.status, self._null_texts)
        if not status:
            return None
        identity = next((each for each in subject.identities if each.namespace == mapping.namespace), None)
        if mapping.namespace and identity is None:
            raise RowRefused("", f"a consent is about the {mapping.namespace} identity, which the row does not have")
        consent = Consent(
            identity=identity,
            purpose=word_of(row, mapping.purpose, self._null_texts),
            channel=word_of(row, mapping.channel, self._null_texts),
            status=_member("CONSENT_STATUS_", status, mapping),
            legal_basis=f"LEGAL_BASIS_{mapping.legal_basis}" if mapping.legal_basis else None,
            granted_time=timestamp_proto(time_of(row, mapping.time, self._null_texts)),
        )
        for name, word in mapping.texts.items():
            setattr(consent, name, word_of(row, word, self._null_texts))
        if mapping.expire_time is not None and _is_told(row, mapping, self._null_texts):
            consent.expire_time.CopyFrom(timestamp_proto(time_of(row, mapping.expire_time, self._null_texts)))
        return consent


def _is_told(row: Row, mapping: ConsentMapping, null_texts: frozenset[str]) -> bool:
    time = mapping.expire_time
    assert time is not None
    return time.constant_ms is not None or cell_of(row, time.columns, null_texts)[1] is not None


def _member(prefix: str, word: str, mapping: ConsentMapping) -> str:
    name = f"{prefix}{word.upper()}"
    try:
        Consent(status=name)
    except ValueError:
        raise RowRefused(mapping.status.columns[0].name, f"{word!r} is no status of a consent") from None
    return name


def _own_cell(row: Row, column: str, null_texts: frozenset[str]) -> Cell:
    cell = row.cells.get(column)
    if isinstance(cell, date):
        return cell.isoformat()
    return None if isinstance(cell, str) and cell.strip() in null_texts else cell


def _derived(prefix: str, content: object) -> str:
    try:
        encoded = _encode(content)
    except OverflowError:  # a number of more than 64 bits, in a column that is not mapped
        encoded = json.dumps(content, sort_keys=True, default=str).encode()
    return f"{prefix}_{_hash(encoded).hex()}"


def _hash(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_HASH_BYTES).digest()
