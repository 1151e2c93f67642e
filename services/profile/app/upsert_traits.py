"""UpsertTraits: what somebody observed about a person."""

from __future__ import annotations

from itertools import compress

from msgspec.structs import replace

from services.profile.app.basis import Bases
from services.profile.app.drafts import Drafts, Occasion
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.requests import ItemStatus, Subject, TraitWrite, UpsertTraits, Written
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.compiled_schema import NO_SCHEMA, CompiledSchema
from services.profile.domain.identities import Namespaces, normalise_subject
from services.profile.domain.limits import check_observed_time, missing
from services.profile.domain.retention import is_past
from services.profile.domain.time_zones import check_time_zone
from services.profile.domain.traits import Observation, check_value, observed, unknown_trait
from shared.errors import FailedPrecondition, InvalidArgument

MAX_TRAITS = 500


async def upsert_traits(writer: Writer, command: UpsertTraits) -> Written:
    def plan(namespaces: Namespaces) -> Mutation[Written]:
        subject = checked_subject(command.subject, command.traits, namespaces)

        async def edit(drafts: Drafts) -> Written:
            return observe(drafts, subject, command.traits, Occasion("subject", f"UpsertTraits/{command.request_id}"))

        keys = [identity.key for identity in subject]
        return Mutation("UpsertTraits", command, Written, keys, edit)

    return await writer.run_planned(plan)


def checked_subject(subject: Subject, writes: tuple[TraitWrite, ...], namespaces: Namespaces) -> Subject:
    """In normal form. Raises InvalidArgument, also where there are no traits or too many."""
    normal = normalise_subject(subject, "subject", namespaces)
    if not writes:
        raise missing("traits")
    if len(writes) > MAX_TRAITS:
        raise InvalidArgument.field("traits", f"must be at most {MAX_TRAITS}")
    return normal


def observe(drafts: Drafts, subject: Subject, writes: tuple[TraitWrite, ...], occasion: Occasion) -> Written:
    """What has a basis is written. Raises before anything is changed where the whole is refused."""
    observations = _observations(writes, drafts.schema, drafts.now_ms)
    named = drafts.admitted(subject, occasion.path)
    statuses = _statuses(writes, drafts, named, occasion)
    recorded = [status is ItemStatus.RECORDED for status in statuses]
    if not any(recorded):
        return Written("", PENDING_TOKEN, (), statuses)
    arrival = drafts.resolve(named, occasion)
    part = arrival.part
    traits, rivals = part.profile.traits, part.profile.rivals
    if arrival.draft.arrival_ms != drafts.now_ms:
        observations = _observations(writes, drafts.schema, arrival.draft.arrival_ms)
    traits, rivals = observed(traits, rivals, compress(observations, recorded))
    if traits is not part.profile.traits:
        part.profile = replace(part.profile, traits=traits, rivals=rivals)
    return Written(arrival.draft.profile_id, PENDING_TOKEN, arrival.advisories, statuses)


def _statuses(
    writes: tuple[TraitWrite, ...], drafts: Drafts, subject: Subject, occasion: Occasion
) -> tuple[ItemStatus, ...]:
    permitted = _permitted(writes, drafts, Bases(drafts), subject, occasion)
    return tuple(
        ItemStatus.NO_BASIS
        if not is_permitted
        else ItemStatus.PAST_RETENTION
        if _is_past(write, drafts)
        else ItemStatus.RECORDED
        for write, is_permitted in zip(writes, permitted, strict=True)
    )


def _is_past(write: TraitWrite, drafts: Drafts) -> bool:
    declared = drafts.schema.retained_traits.get(write.name)
    if declared is None or write.observed_ms is None:
        return False
    return is_past(write.observed_ms, declared.retention_ms, drafts.now_ms)


def _permitted(
    writes: tuple[TraitWrite, ...], drafts: Drafts, bases: Bases, subject: Subject, occasion: Occasion
) -> list[bool]:
    """Of each trait, whether there is a basis for what it is declared for."""
    declared = (drafts.schema.traits.get(write.name) for write in writes)
    purposes = [each.purposes if each is not None else () for each in declared]
    judged = {each: bases.permit(subject, occasion, each) for each in set(purposes)}
    return [judged[each] for each in purposes]


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
    if write.name == schema.time_zone_trait:
        check_time_zone(value, f"{path}.value")
    observed_ms = arrival_ms if write.observed_ms is None else write.observed_ms
    check_observed_time(observed_ms, f"{path}.observed_time", arrival_ms)
    return Observation(value, write.source, observed_ms)
