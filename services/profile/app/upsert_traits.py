"""UpsertTraits: what somebody observed about a person."""

from __future__ import annotations

from msgspec.structs import replace

from services.profile.app.drafts import Drafts
from services.profile.app.requests import TraitWrite, UpsertTraits, Written
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.compiled_schema import NO_SCHEMA, CompiledSchema
from services.profile.domain.identities import normalise_subject
from services.profile.domain.limits import check_observed_time, missing
from services.profile.domain.traits import Observation, check_value, newer, unknown_trait
from shared.errors import FailedPrecondition, InvalidArgument

MAX_TRAITS = 500


async def upsert_traits(writer: Writer, command: UpsertTraits) -> Written:
    subject = normalise_subject(command.subject, "subject")
    if not command.traits:
        raise missing("traits")
    if len(command.traits) > MAX_TRAITS:
        raise InvalidArgument.field("traits", f"must be at most {MAX_TRAITS}")

    async def edit(drafts: Drafts) -> Written:
        draft, advisories = drafts.resolve(subject, "subject")
        traits = dict(draft.profile.traits)
        for name, observation in _observations(command.traits, drafts.schema, draft.arrival_ms):
            traits[name] = newer(traits.get(name), observation)
        if traits != draft.profile.traits:
            draft.profile = replace(draft.profile, traits=traits)
        return Written(draft.profile.profile_id, drafts.token(), advisories)

    keys = [identity.key for identity in subject]
    return await writer.run(Mutation("UpsertTraits", command, Written, keys, edit))


def _observations(
    writes: tuple[TraitWrite, ...], schema: CompiledSchema, arrival_ms: int
) -> list[tuple[str, Observation]]:
    if schema is NO_SCHEMA:
        raise FailedPrecondition("NO_ACTIVE_TRAIT_SCHEMA", "no trait schema is active yet: publish a policy")
    return [(write.name, _observation(write, schema, f"traits[{i}]", arrival_ms)) for i, write in enumerate(writes)]


def _observation(write: TraitWrite, schema: CompiledSchema, path: str, arrival_ms: int) -> Observation:
    declaration = schema.traits.get(write.name)
    if declaration is None:
        raise unknown_trait(write.name, f"{path}.name")
    value = check_value(write.value, declaration, f"{path}.value")
    observed_ms = arrival_ms if write.observed_ms is None else write.observed_ms
    check_observed_time(observed_ms, f"{path}.observed_time", arrival_ms)
    return Observation(value, write.source, observed_ms)
