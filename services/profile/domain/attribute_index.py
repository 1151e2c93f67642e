"""What a store keeps of traits so that a search need not read every profile.

An index is about the traits that the schema of a write declares `indexed`; every profile says which those were
(`Profile.indexed`). Of a trait all observations are in it, whichever of them a reading would choose. So an index finds
every profile that may have a value, and more; who is found in the end, a reading decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from services.profile.domain.profile import Profile
from services.profile.domain.traits import Observation
from shared.clock import to_ms
from shared.values import Value

MAX_KEY_CHARS = 128

IndexKey = bool | int | float | str
"""A value as it is indexed: a time in milliseconds, a string up to its first MAX_KEY_CHARS characters. Greater values
never have smaller keys.
"""


@dataclass(frozen=True, slots=True)
class AttributeIndex:
    """What the index says of a profile from now on."""

    names: tuple[str, ...]
    former_names: tuple[str, ...]
    """What it was about before."""
    entries: tuple[tuple[str, IndexKey], ...]

    @property
    def version(self) -> str:
        return version_of(self.names)


@dataclass(frozen=True, slots=True)
class IndexTest:
    """The trait has one of the keys, or one between two bounds, which belong to it; None: no bound."""

    name: str
    keys: tuple[IndexKey, ...] | None = None
    low: IndexKey | None = None
    high: IndexKey | None = None


def version_of(names: Iterable[str]) -> str:
    """One text for the traits an index is about; names have no commas."""
    return ",".join(names)


def names_of(version: str) -> tuple[str, ...]:
    return tuple(version.split(",")) if version else ()


def key_of(value: Value) -> IndexKey | None:
    """None for what is not indexed: lists, and "known to have none"."""
    match value:
        case str():
            return value[:MAX_KEY_CHARS]
        case datetime():
            return to_ms(value)
        case bool() | int() | float():
            return value
        case _:
            return None


def indexed(profile: Profile, before: Profile, names: tuple[str, ...]) -> tuple[Profile, AttributeIndex | None]:
    """The profile as it shall be stored under an index of `names`; what the index has to say, None where that is what
    it says already.
    """
    if not names and not before.indexed:
        return profile, None
    if profile.indexed != names:
        profile = replace(profile, indexed=names)
    if names == before.indexed and _is_same(profile, before):
        return profile, None
    entries = _entries(profile, names)
    if names == before.indexed and entries == _entries(before, names):
        return profile, None
    return profile, AttributeIndex(names, before.indexed, entries)


def _is_same(profile: Profile, before: Profile) -> bool:
    return profile.traits == before.traits and profile.rivals == before.rivals


def _entries(profile: Profile, names: tuple[str, ...]) -> tuple[tuple[str, IndexKey], ...]:
    entries: dict[tuple[str, IndexKey], None] = {}
    for name in names:
        first = profile.traits.get(name)
        observations: tuple[Observation, ...] = () if first is None else (first, *profile.rivals.get(name, ()))
        keys = (key_of(each.value) for each in observations)
        entries |= {(name, key): None for key in keys if key is not None}
    return tuple(entries)
