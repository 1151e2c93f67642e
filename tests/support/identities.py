"""A shop whose customers merge and part: what tests of the identity graph say often."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import (
    IdentitiesLinked,
    LinkIdentities,
    MergeHistoryQuery,
    MergeProfiles,
    ProfilesMerged,
    ProfilesUnmerged,
    UnmergeProfiles,
)
from services.profile.app.requests import (
    EventResult,
    EventWrite,
    ProfileAnswer,
    ProfileQuery,
    RecordEvents,
    Subject,
)
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.merge_events import MergeEvent
from services.profile.domain.schema import AggregateDeclaration, TraitSchema
from shared.errors import NotFound
from tests.support.profiles import person, publish

VIEWS = TraitSchema(aggregates=(AggregateDeclaration("views", Formula(Measure.COUNT, "view")),))


@dataclass
class Shop:
    """People by short names of their identities: `crm:1`, `cookie:a`."""

    app: ProfileApplication
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def open(self, schema: TraitSchema = VIEWS) -> Shop:
        await publish(self.app, schema)
        return self

    async def see(
        self,
        *names: str,
        at_ms: int | None = None,
        is_machine: bool = False,
        link_token: str = "",
        user_agent: str = "",
        event_id: str = "",
    ) -> EventResult:
        """Records a view."""
        number = next(self.numbers)
        write = EventWrite(
            event_id or f"e{number}", person(*names), "view", at_ms, {}, is_machine, link_token, user_agent
        )
        return (await self.app.record_events(RecordEvents(f"r{number}", (write,)))).results[0]

    async def who(self, *names: str) -> ProfileAnswer:
        return await self.app.get_profile(ProfileQuery(person(*names)))

    async def id_of(self, *names: str) -> str:
        """Empty for nobody."""
        try:
            return (await self.who(*names)).profile.profile_id
        except NotFound:
            return ""

    async def views(self, *names: str) -> object:
        return (await self.who(*names)).profile.features["views"].value

    async def identities(self, *names: str) -> set[str]:
        keys = (await self.who(*names)).profile.identities
        return {key.replace("\x1f", ":") for key in keys}

    async def link(self, *names: str, **options: object) -> IdentitiesLinked:
        command = LinkIdentities(f"r{next(self.numbers)}", person(*names), **options)  # type: ignore[arg-type]
        return await self.app.link_identities(command)

    async def merge(self, survivor: str | Subject, merged: str | Subject, reason: str = "") -> ProfilesMerged:
        one, other = (person(each) if isinstance(each, str) else each for each in (survivor, merged))
        return await self.app.merge_profiles(MergeProfiles(f"r{next(self.numbers)}", one, other, reason))

    async def unmerge(self, merge_id: str) -> ProfilesUnmerged:
        return await self.app.unmerge_profiles(UnmergeProfiles(f"r{next(self.numbers)}", merge_id))

    async def history(self, *names: str) -> list[MergeEvent]:
        return list((await self.app.list_merge_history(MergeHistoryQuery(person(*names)))).events)
