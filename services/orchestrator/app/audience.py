"""Everybody for whom a condition holds, page by page in the order of their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

PAGE = 5_000
"""Persons of a page, at most."""
PAGE_S = 3.0
"""A page that takes longer is handed out as it is."""


@dataclass(frozen=True, slots=True)
class AudiencePage:
    """`through`: everybody up to this id was looked at; empty at the end."""

    profile_ids: tuple[str, ...]
    through: str


class Audience(Protocol):
    async def members(self, condition: str, schema_version: str, after: str, *, deadline_ms: int) -> AudiencePage:
        """The condition is typed by the trait schema. Raises InvalidArgument where it is none."""
        ...
