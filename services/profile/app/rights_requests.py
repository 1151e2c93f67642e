"""What the rights of a person are asked with, and answered."""

from __future__ import annotations

from dataclasses import dataclass

from services.profile.app.requests import Subject
from services.profile.domain.changes import ChangeRecord


@dataclass(frozen=True, slots=True)
class EraseSubject:
    request_id: str
    subject: Subject
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SubjectErased:
    erasure_id: str
    profile_ids: tuple[str, ...]
    erased_ms: int
    token: str


@dataclass(frozen=True, slots=True)
class ReadmitSubject:
    request_id: str
    subject: Subject
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SubjectReadmitted:
    readmitted_count: int
    token: str


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """`page_size` 0: the default."""

    subject: Subject
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class ChangePage:
    """`next_page_token` is empty on the last page."""

    changes: tuple[ChangeRecord, ...]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ErasureQuery:
    """`after` empty: from the beginning."""

    after: str = ""
    follow: bool = False
