"""Records as bytes (msgpack), the same in every store. Reading tolerates fields added later: they go to the end."""

from __future__ import annotations

import msgspec

from services.profile.app.ports import MAX_PROFILE_BYTES, ProfileTooLarge
from services.profile.domain.changes import ChangeRecord
from services.profile.domain.consents import Consent
from services.profile.domain.erasure import Erasure
from services.profile.domain.merge_events import MergeEvent
from services.profile.domain.profile import Profile
from services.profile.domain.records import decode_event as decode_event
from services.profile.domain.records import decode_profile as decode_profile
from services.profile.domain.schema import TraitSchema

encode = msgspec.msgpack.Encoder().encode
decode_consent = msgspec.msgpack.Decoder(Consent).decode
decode_change = msgspec.msgpack.Decoder(ChangeRecord).decode
decode_erasure = msgspec.msgpack.Decoder(Erasure).decode
decode_merge_event = msgspec.msgpack.Decoder(MergeEvent).decode
decode_schema = msgspec.msgpack.Decoder(TraitSchema).decode


def encode_profile(profile: Profile) -> bytes:
    """Raises ProfileTooLarge."""
    encoded = encode(profile)
    if len(encoded) > MAX_PROFILE_BYTES:
        raise ProfileTooLarge
    return encoded
