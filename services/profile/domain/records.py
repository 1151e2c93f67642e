"""Profiles as bytes (msgpack), the same in every store and for the parts of a merged profile."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from services.profile.domain.aggregates.states import Earliest, Latest, Sightings, State
from services.profile.domain.events import Event
from services.profile.domain.profile import NO_PARTS, Profile
from services.profile.domain.stored import is_raw, restored

encode = msgspec.msgpack.Encoder().encode
_decode_event = msgspec.msgpack.Decoder(Event).decode
_decode_profile = msgspec.msgpack.Decoder(Profile).decode
_decode_parts = msgspec.msgpack.Decoder(tuple[Profile, ...]).decode


def decode_profile(encoded: bytes) -> Profile:
    """Tolerates fields added later: they go to the end."""
    return _restored(_decode_profile(encoded))


def decode_event(encoded: bytes) -> Event:
    event = _decode_event(encoded)
    _restore_properties(event)
    return event


def decode_parts(profile: Profile) -> tuple[Profile, ...]:
    """The parts of a merged profile, its own first; none of one that was never merged."""
    return tuple(map(_restored, _decode_parts(profile.parts)))


def encode_parts(parts: tuple[Profile, ...]) -> msgspec.Raw:
    return msgspec.Raw(encode(parts)) if len(parts) > 1 else NO_PARTS


def _restored(profile: Profile) -> Profile:
    """With lists as they were before they were encoded."""
    for name, trait in profile.traits.items():
        if is_raw(trait.value):
            profile.traits[name] = replace(trait, value=restored(trait.value))
    for name, observations in profile.rivals.items():
        if any(is_raw(each.value) for each in observations):
            profile.rivals[name] = tuple(
                replace(each, value=restored(each.value)) if is_raw(each.value) else each for each in observations
            )
    _restore_states(profile.states)
    if profile.remembered:
        _restore_states(profile.remembered)
    for event in profile.ahead:
        _restore_properties(event)
    return profile


def _restore_states(states: dict[str, State]) -> None:
    for key, state in states.items():
        kind = type(state)
        if (kind is Latest or kind is Earliest) and is_raw(state.value):  # type: ignore[union-attr]
            states[key] = replace(state, value=restored(state.value))  # type: ignore[union-attr]
        elif kind is Sightings and any(map(is_raw, state.values)):  # type: ignore[union-attr]
            values = [restored(value) if is_raw(value) else value for value in state.values]  # type: ignore[union-attr]
            states[key] = replace(state, values=values)


def _restore_properties(event: Event) -> None:
    properties = event.properties
    assert isinstance(properties, dict)
    for name, value in properties.items():
        if is_raw(value):
            properties[name] = restored(value)
