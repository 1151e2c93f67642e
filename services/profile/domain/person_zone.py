"""The time zone of a person."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.profile import Profile
from services.profile.domain.time_zones import zone_of
from services.profile.domain.traits import read_trait_of_many


def zone_of_person(profile: Profile, schema: CompiledSchema, read_ms: int) -> ZoneInfo:
    """What the time zone trait says (a stale one, too: nothing newer is known), else the schema's default."""
    declaration = schema.traits.get(schema.time_zone_trait)
    first = profile.traits.get(schema.time_zone_trait)
    if declaration is None or first is None:
        return zone_of(None, schema.default_time_zone)
    observations = (first, *profile.rivals.get(schema.time_zone_trait, ()))
    said = read_trait_of_many(observations, declaration, read_ms)
    return zone_of(None if said is None else said[0].value, schema.default_time_zone)
