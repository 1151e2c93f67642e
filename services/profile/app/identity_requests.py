"""What the use cases about identities are asked and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from services.profile.app.requests import Subject
from services.profile.domain.merge_events import MergeEvent


@dataclass(frozen=True, slots=True)
class LinkIdentities:
    request_id: str
    subject: Subject
    link_token: str = ""
    is_machine: bool = False
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class IdentitiesLinked:
    """`profile_id` is empty where a machine clicked and nobody is named."""

    profile_id: str
    merged: tuple[str, ...]
    token: str
    advisories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssueLinkToken:
    """`expire_ms` None: after the default."""

    subject: Subject
    expire_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LinkTokenIssued:
    link_token: str
    expire_ms: int


@dataclass(frozen=True, slots=True)
class MergeProfiles:
    request_id: str
    survivor: Subject
    merged: Subject
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProfilesMerged:
    merge_id: str
    profile_id: str
    merged_profile_id: str
    token: str


@dataclass(frozen=True, slots=True)
class UnmergeProfiles:
    request_id: str
    merge_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProfilesUnmerged:
    profile_id: str
    restored_profile_id: str
    token: str


@dataclass(frozen=True, slots=True)
class MergeHistoryQuery:
    """`page_size` 0: the default."""

    subject: Subject
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class MergeHistoryPage:
    """`next_page_token` is empty on the last page."""

    events: tuple[MergeEvent, ...]
    next_page_token: str
