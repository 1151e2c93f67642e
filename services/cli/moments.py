"""Moments that people ask about, with room on both sides for the spans that are counted from them."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from shared.clock import LATEST_MS, to_ms

EARLIEST_MS = to_ms(datetime(1000, 1, 1, tzinfo=UTC))


def is_askable(time_ms: int) -> bool:
    """Whether a hundred years before it and after it are dates, too."""
    return EARLIEST_MS <= time_ms <= LATEST_MS


ASKABLE = "of the years 1000 to 8999"


def in_utc(moment: datetime) -> datetime:
    """Taken for UTC where it has no offset. Raises ValueError where UTC has no such date."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is outside of the years 1 to 9999 of UTC") from None


def option_moment(option: str, text: str) -> datetime:
    """What the option says. Raises UsageError."""
    try:
        moment = in_utc(datetime.fromisoformat(text))
    except ValueError:
        raise click.UsageError(f"{option} {text[:40]!r} is no moment such as 2026-11-22T10:00:00Z") from None
    if not is_askable(to_ms(moment)):
        raise click.UsageError(f"{option} {text[:40]!r} is not {ASKABLE}")
    return moment
