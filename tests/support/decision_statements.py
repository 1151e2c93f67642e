"""What persons said while decisions were made, as it was acknowledged to whoever told it, and who turned out to be one.

Everything has two times: when it was sent, and when it was acknowledged. In between nobody outside knows whether it
holds, so the checker gives the benefit of the doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

FOR_EVER = 2**62
FORBIDDING = frozenset({"DENIED", "REVOKED"})
GRANTED = "GRANTED"
MARKETING, PROFILING = "MARKETING", "PROFILING"
EVERY_CHANNEL = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """On one identity, for one purpose; `channel` "" for every one. Statements on one identity are told in turn."""

    identity: str
    purpose: str
    channel: str
    status: str
    sent_ms: int
    told_ms: int
    expire_ms: int = FOR_EVER

    def status_at(self, now_ms: int) -> str:
        return "EXPIRED" if self.status == GRANTED and now_ms >= self.expire_ms else self.status


@dataclass(frozen=True, slots=True)
class Merge:
    one: str
    other: str
    """Ids of profiles."""
    sent_ms: int
    told_ms: int


@dataclass(slots=True)
class Acknowledged:
    """By whoever sent it. `zones` by profile: where it lives, said before anything was decided."""

    profile_of: dict[str, str] = field(default_factory=dict)
    """By identity, before any merge."""
    zones: dict[str, str] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    """What was answered, by decision: a digest."""
    simulated: set[str] = field(default_factory=set)
    """Ids of simulated decisions."""


class People:
    """Who was one person, surely or possibly, at a moment."""

    def __init__(self, merges: Iterable[Merge]) -> None:
        self._surely = _History((each.told_ms, each) for each in merges)
        self._possibly = _History((each.sent_ms, each) for each in merges)

    def surely(self, profile_id: str, before_ms: int) -> frozenset[str]:
        """Merged with it by merges that were acknowledged before."""
        return self._surely.together(profile_id, before_ms)

    def possibly(self, profile_id: str, until_ms: int) -> frozenset[str]:
        return self._possibly.together(profile_id, until_ms + 1)

    def ever(self, profile_id: str) -> frozenset[str]:
        return self.possibly(profile_id, FOR_EVER - 1)


class _History:
    def __init__(self, merges: Iterable[tuple[int, Merge]]) -> None:
        self._by_profile: dict[str, list[tuple[int, str]]] = {}
        for time_ms, each in merges:
            self._by_profile.setdefault(each.one, []).append((time_ms, each.other))
            self._by_profile.setdefault(each.other, []).append((time_ms, each.one))

    def together(self, profile_id: str, before_ms: int) -> frozenset[str]:
        found, open_ = {profile_id}, [profile_id]
        while open_:
            for time_ms, other in self._by_profile.get(open_.pop(), ()):
                if time_ms < before_ms and other not in found:
                    found.add(other)
                    open_.append(other)
        return frozenset(found)


class Consents:
    """What was permitted at a moment, by the law of the contract: the latest statement of an identity about a channel
    counts; a refusal on an identity of another kind holds against it; one for marketing on every channel holds against
    everything."""

    def __init__(self, said: Acknowledged, people: People) -> None:
        self._people = people
        self._identities: dict[str, list[str]] = {}
        for identity, profile_id in said.profile_of.items():
            self._identities.setdefault(profile_id, []).append(identity)
        self._said: dict[str, list[Statement]] = {}
        for each in sorted(said.statements, key=lambda each: each.sent_ms):
            self._said.setdefault(each.identity, []).append(each)

    def permits(self, profile_id: str, purpose: str, channel: str, span: tuple[int, int], reference: str) -> bool:
        """Whether some order of what happened in the span (from, until) permits the contact, on the word of the
        identity that `reference` names; "" for any."""
        surely = list(self._holders(self._people.surely(profile_id, span[0])))
        if purpose == MARKETING and any(self._refuses(each, purpose, (EVERY_CHANNEL,), span) for each in surely):
            return False
        about = (channel, EVERY_CHANNEL)
        refusing = [each for each in surely if self._refuses(each, purpose, about, span)]
        for identity in self._holders(self._people.possibly(profile_id, span[1])):
            if reference not in ("", identity) or any(_kind(each) != _kind(identity) for each in refusing):
                continue
            if GRANTED in self._possible(identity, purpose, about, span):
                return True
        return False

    def refuses_profiling(self, profile_id: str, span: tuple[int, int]) -> bool:
        """For certain."""
        surely = self._holders(self._people.surely(profile_id, span[0]))
        return any(self._refuses(each, PROFILING, (EVERY_CHANNEL,), span) for each in surely)

    def spoke_of_profiling(self, profile_id: str) -> bool:
        """Ever."""
        holders = self._holders(self._people.ever(profile_id))
        return any(each.purpose == PROFILING for identity in holders for each in self._said.get(identity, ()))

    def _holders(self, profiles: Iterable[str]) -> Iterator[str]:
        for profile_id in profiles:
            yield from self._identities.get(profile_id, ())

    def _refuses(self, identity: str, purpose: str, channels: Sequence[str], span: tuple[int, int]) -> bool:
        """Whatever the order of what happened meanwhile."""
        possible = self._possible(identity, purpose, channels, span)
        return possible <= FORBIDDING and bool(possible)

    def _possible(self, identity: str, purpose: str, channels: Sequence[str], span: tuple[int, int]) -> set[str]:
        """What may have been the latest status; "" for nothing said. An expiry is as sharp as the decision's time."""
        begin_ms, end_ms = span
        about = [each for each in self._said.get(identity, ()) if each.purpose == purpose and each.channel in channels]
        known = [each for each in about if each.told_ms < begin_ms]
        meanwhile = [each for each in about if each.told_ms >= begin_ms and each.sent_ms <= end_ms]
        return {known[-1].status_at(begin_ms) if known else "", *(each.status_at(begin_ms) for each in meanwhile)}


def _kind(identity: str) -> str:
    return identity.partition(":")[0]


def by_person(profiles: Iterable[str], people: People) -> Mapping[str, str]:
    """A name for everybody who ever was one person, by profile."""
    return {profile_id: min(people.ever(profile_id)) for profile_id in profiles}
