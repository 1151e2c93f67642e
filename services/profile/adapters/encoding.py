"""Records as bytes (msgpack), the same in every store. Reading tolerates fields added later: they go to the end."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from services.profile.app.ports import MAX_PROFILE_BYTES, ProfileTooLarge
from services.profile.domain.aggregates.states import Latest
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.profile import Profile
from services.profile.domain.schema import TraitSchema
from services.profile.domain.stored import is_raw, restored

encode = msgspec.msgpack.Encoder().encode
decode_consent = msgspec.msgpack.Decoder(Consent).decode
decode_schema = msgspec.msgpack.Decoder(TraitSchema).decode
_decode_event = msgspec.msgpack.Decoder(Event).decode
_decode_profile = msgspec.msgpack.Decoder(Profile).decode


def encode_profile(profile: Profile) -> bytes:
    """Raises ProfileTooLarge."""
    encoded = encode(profile)
    if len(encoded) > MAX_PROFILE_BYTES:
        raise ProfileTooLarge
    return encoded


def decode_profile(encoded: bytes) -> Profile:
    profile = _decode_profile(encoded)
    for name, trait in profile.traits.items():
        if is_raw(trait.value):
            profile.traits[name] = replace(trait, value=restored(trait.value))
    for key, state in profile.states.items():
        if type(state) is Latest and is_raw(state.value):
            profile.states[key] = replace(state, value=restored(state.value))
    for event in profile.ahead:
        _restore_properties(event)
    return profile


def decode_event(encoded: bytes) -> Event:
    event = _decode_event(encoded)
    _restore_properties(event)
    return event


def _restore_properties(event: Event) -> None:
    properties = event.properties
    assert isinstance(properties, dict)
    for name, value in properties.items():
        if is_raw(value):
            properties[name] = restored(value)
