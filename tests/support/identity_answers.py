"""What a profile must answer, from the facts that the reference has of a person."""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.domain.consents import ConsentStatus
from services.profile.domain.reading import ProfileView
from shared.clock import MS_PER_DAY
from tests.support.identity_model import Fact, Reference
from tests.support.identity_world import HOUR_MS


def check_view(model: Reference, who: str, view: ProfileView, now_ms: int, suffix: str) -> None:
    """`suffix` is what the names of this life end with."""
    parts = model.parts(who)
    facts = [fact for fact in model.facts if fact.profile in parts]
    assert view.profile_id == who
    assert set(view.merged) == parts - {who}
    assert sorted(_name(key, suffix) for key in view.identities) == sorted(model.names(who))
    expected = _features(facts, now_ms)
    assert {name: view.features[name].value for name in expected} == expected
    assert {(_name(each.identity, suffix), each.status) for each in view.consents} == _statements(facts)
    live = [each.reservation_id for each in view.contacts if each.ended_ms is None]
    assert sorted(live) == sorted(room_taken(model, who, now_ms))


def room_taken(model: Reference, who: str, now_ms: int) -> list[str]:
    """The contacts that take room of the cap."""
    return [
        fact.what[0]
        for fact in model.facts
        if fact.kind == "contact" and fact.at_ms > now_ms - MS_PER_DAY and model.person(fact.profile) == who
    ]


def _features(facts: Sequence[Fact], now_ms: int) -> dict[str, object]:
    past = [fact for fact in facts if fact.at_ms <= now_ms]
    amounts = [fact.what[0] for fact in past if fact.kind == "buy"]
    return {
        "views": sum(fact.kind == "view" for fact in past),
        "recent": sum(fact.kind == "view" and fact.at_ms > now_ms - HOUR_MS for fact in past),
        "spent": float(sum(amounts)),
        "most": float(max(amounts)) if amounts else None,
        "amounts": len(set(amounts)),
        "city": _city(facts),
    }


def _city(facts: Sequence[Fact]) -> object:
    """Of the most credible source the newest."""
    told = [fact for fact in facts if fact.kind == "trait"]
    if not told:
        return None
    best = min(fact.what[0] for fact in told)
    return max((fact for fact in told if fact.what[0] == best), key=lambda fact: fact.at_ms).what[1]


def _statements(facts: Sequence[Fact]) -> set[tuple[str, ConsentStatus]]:
    """The latest one of each name."""
    newest: dict[str, ConsentStatus] = {fact.what[0]: fact.what[1] for fact in facts if fact.kind == "consent"}
    return set(newest.items())


def _name(key: str, suffix: str) -> str:
    return key.replace("\x1f", ":").removesuffix(suffix)
