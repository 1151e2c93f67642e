"""What is open for one subject: matches that wait for others, absences that are timed, what was inferred.

Encoded as msgpack arrays; a subject with nothing open is b"". Nothing here is changed in place: a step makes a new
state, so that one that is not committed leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

NEVER_MS = 2**62
_FORMAT = 1


class Match(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event that parts of a pattern accept."""

    ms: int
    event_id: str
    parts: int = 1
    """One bit per part that accepts it."""
    amount: float = 0.0
    """What it adds to a SUM."""
    kept: dict[str, Any] = {}
    """Those of its properties that the trigger's condition and effects read."""

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among the others."""
        return self.ms, self.event_id


class Pending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A completed pattern that fires at `due_ms` unless something comes in between."""

    timer_id: str
    first_ms: int
    due_ms: int
    last: Match


class OpenPattern(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one trigger and one value of its join. Everything is sorted by (event time, event id).

    matches  not consumed yet
    absents  events that the absence is about, as long as a late completion may have them within it
    pending  completions that wait for their absence
    fired    when it fired, as long as the cooldown may need it
    waits    an event about a thing is all that is missing
    """

    matches: tuple[Match, ...] = ()
    absents: tuple[tuple[int, str], ...] = ()
    pending: tuple[Pending, ...] = ()
    fired: tuple[int, ...] = ()
    waits: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.matches or self.absents or self.pending or self.fired or self.waits)


NOTHING_OPEN = OpenPattern()


class InferredTrait(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Seen until the profile service has it, at the latest `until_ms`."""

    value: Any
    inferred_ms: int
    until_ms: int


class _Encoded(msgspec.Struct, frozen=True, array_like=True):
    format: int
    version: str
    lapse_ms: int
    patterns: dict[str, dict[str, OpenPattern]]
    traits: dict[str, InferredTrait]


@dataclass(frozen=True, slots=True)
class SubjectState:
    """`profile_id` is today's; it is not encoded.

    version    the rule set that was last seen
    lapse_ms   when to look again for what has become useless
    patterns   by key of the trigger, then by value of the join
    """

    profile_id: str
    version: str = ""
    lapse_ms: int = NEVER_MS
    patterns: Mapping[str, Mapping[str, OpenPattern]] = field(default_factory=dict)
    traits: Mapping[str, InferredTrait] = field(default_factory=dict)

    def encode(self) -> bytes:
        if not self.patterns and not self.traits:
            return b""
        return _encoder.encode(_Encoded(_FORMAT, self.version, self.lapse_ms, self.patterns, self.traits))  # type: ignore[arg-type]

    @classmethod
    def decode(cls, profile_id: str, encoded: bytes) -> SubjectState:
        """Raises ValueError for bytes of another format."""
        if not encoded:
            return cls(profile_id)
        try:
            read = _decoder.decode(encoded)
        except msgspec.DecodeError as error:
            raise ValueError(f"not the state of a subject: {error}") from error
        if read.format != _FORMAT:
            raise ValueError(f"the state of a subject has format {read.format}, not {_FORMAT}")
        return cls(profile_id, read.version, read.lapse_ms, read.patterns, read.traits)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Encoded)


def merged(profile_id: str, states: Iterable[SubjectState]) -> SubjectState:
    """Of the profiles that are one now."""
    patterns: dict[str, dict[str, OpenPattern]] = {}
    traits: dict[str, InferredTrait] = {}
    versions: set[str] = set()
    lapse_ms = NEVER_MS
    for state in states:
        versions.add(state.version)
        lapse_ms = min(lapse_ms, state.lapse_ms)
        for key, joins in state.patterns.items():
            known = patterns.setdefault(key, {})
            for join, pattern in joins.items():
                known[join] = _joined(known[join], pattern) if join in known else pattern
        for name, trait in state.traits.items():
            if name not in traits or traits[name].inferred_ms <= trait.inferred_ms:
                traits[name] = trait
    # Of several versions it is none: what belongs to other triggers than today's is dropped at the next step.
    return SubjectState(profile_id, versions.pop() if len(versions) == 1 else "", lapse_ms, patterns, traits)


def _joined(left: OpenPattern, right: OpenPattern) -> OpenPattern:
    absents = tuple(sorted({*left.absents, *right.absents}))
    pending = {each.timer_id: each for each in (*left.pending, *right.pending)}
    return OpenPattern(
        matches=tuple(sorted({each.place: each for each in (*left.matches, *right.matches)}.values(), key=_place)),
        absents=absents,
        pending=tuple(
            sorted(
                (each for each in pending.values() if not _is_cancelled(each, absents)), key=lambda each: each.due_ms
            )
        ),
        fired=tuple(sorted({*left.fired, *right.fired})),
        waits=left.waits or right.waits,
    )


def _is_cancelled(pending: Pending, absents: Iterable[tuple[int, str]]) -> bool:
    return any(
        pending.first_ms <= ms < pending.due_ms and event_id != pending.last.event_id for ms, event_id in absents
    )


def _place(match: Match) -> tuple[int, str]:
    return match.place
