"""BatchUpsertTraits: what was observed about many people, in one commit; each is written or refused by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.profile.app.drafts import Drafts, Occasion
from services.profile.app.fairness import give_way
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.requests import Subject, TraitWrite, Written
from services.profile.app.upsert_traits import checked_subject, observe
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.compiled_schema import NO_SCHEMA
from services.profile.domain.identities import Namespaces
from services.profile.domain.limits import missing
from shared.errors import FailedPrecondition, InvalidArgument, NotFound, TandemError, Violation

MAX_ITEMS = 1_000

_REFUSALS: Mapping[str, type[TandemError]] = {
    kind.__name__: kind for kind in (InvalidArgument, FailedPrecondition, NotFound)
}


@dataclass(frozen=True, slots=True)
class SubjectTraits:
    subject: Subject
    traits: tuple[TraitWrite, ...]


@dataclass(frozen=True, slots=True)
class BatchUpsertTraits:
    request_id: str
    items: tuple[SubjectTraits, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """An error as it is kept with the answer."""

    kind: str
    reason: str
    message: str
    metadata: Mapping[str, str]
    violations: tuple[Violation, ...]

    @classmethod
    def of(cls, error: TandemError) -> Refused:
        return cls(type(error).__name__, error.reason, error.message, error.metadata, error.violations)

    def error(self) -> TandemError:
        return _REFUSALS[self.kind](self.reason, self.message, metadata=dict(self.metadata), violations=self.violations)


@dataclass(frozen=True, slots=True)
class ItemWritten:
    """One of the two."""

    written: Written | None = None
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class TraitsWritten:
    items: tuple[ItemWritten, ...]
    token: str


async def batch_upsert_traits(writer: Writer, command: BatchUpsertTraits) -> TraitsWritten:
    if not command.items:
        raise missing("items")
    if len(command.items) > MAX_ITEMS:
        raise InvalidArgument.field("items", f"must be at most {MAX_ITEMS}")

    def plan(namespaces: Namespaces) -> Mutation[TraitsWritten]:
        subjects = [_subject_or_refusal(item, namespaces) for item in command.items]
        keys = {each.key for subject in subjects if not isinstance(subject, Refused) for each in subject}

        async def edit(drafts: Drafts) -> TraitsWritten:
            if drafts.schema is NO_SCHEMA:
                raise FailedPrecondition("NO_ACTIVE_TRAIT_SCHEMA", "no trait schema is active yet: publish a policy")
            occasion = Occasion("subject", f"BatchUpsertTraits/{command.request_id}")
            written = []
            for step, (item, subject) in enumerate(zip(command.items, subjects, strict=True)):
                written.append(_write(drafts, item, subject, occasion))
                await give_way(step)
            return TraitsWritten(tuple(written), PENDING_TOKEN)

        return Mutation("BatchUpsertTraits", command, TraitsWritten, keys, edit)

    return await writer.run_planned(plan)


def _subject_or_refusal(item: SubjectTraits, namespaces: Namespaces) -> Subject | Refused:
    try:
        return checked_subject(item.subject, item.traits, namespaces)
    except InvalidArgument as error:
        return Refused.of(error)


def _write(drafts: Drafts, item: SubjectTraits, subject: Subject | Refused, occasion: Occasion) -> ItemWritten:
    if isinstance(subject, Refused):
        return ItemWritten(refused=subject)
    try:
        return ItemWritten(written=observe(drafts, subject, item.traits, occasion))
    except (InvalidArgument, FailedPrecondition, NotFound) as error:
        return ItemWritten(refused=Refused.of(error))
