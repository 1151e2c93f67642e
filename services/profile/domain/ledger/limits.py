"""Contact limits: at most so many contacts of a person within a window. What one says, and whether it makes sense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from services.profile.domain.additions import added
from services.profile.domain.ledger.contacts import DIRECTIONS, MARKETING, ContactEvent, ContactResponse
from services.profile.domain.limits import MAX_ID_LENGTH, is_code, is_name, is_text
from shared.clock import MS_PER_DAY, MS_PER_SECOND

EVERY_CLASS = "*"
MIN_WINDOW_MS = MS_PER_SECOND
MAX_WINDOW_MS = 400 * MS_PER_DAY
"""No limit looks further back: the longest calendar unit, a year, and then some."""
MAX_LIMITS = 200
MAX_NARROWING = 1_000
MAX_COUNT = 2**31 - 1

Faults = Iterator[tuple[str, str]]
"""A path and what is wrong there."""


class CalendarUnit(IntEnum):
    """Numbers are those of tandem.profile.v1.CalendarUnit."""

    HOUR = 1
    DAY = 2
    WEEK = 3
    MONTH = 4
    YEAR = 5


class LimitScope(IntEnum):
    """Numbers are those of tandem.profile.v1.LimitScope; ALL is its UNSPECIFIED."""

    ALL = 0
    CHANNEL = 1
    ISSUE = 2
    GROUP = 3
    ACTION = 4
    CAMPAIGN = 5


_LONGEST_MS = {
    CalendarUnit.HOUR: MS_PER_DAY,
    CalendarUnit.DAY: 3 * MS_PER_DAY,
    CalendarUnit.WEEK: 9 * MS_PER_DAY,
    CalendarUnit.MONTH: 33 * MS_PER_DAY,
    CalendarUnit.YEAR: 368 * MS_PER_DAY,
}
"""More than the unit ever takes, whatever clocks do."""


@dataclass(frozen=True, slots=True)
class ContactLimit:
    """At most `max` contacts within a rolling window of `window_ms`, or, where that is 0, the running `calendar` unit.

    Each list narrows the contacts it is about; an empty one does not. One with `responses` is a suppression rule: it
    counts what came to one of them, and the `max`-th within the window refuses for `pause_ms`, where that is not 0.
    """

    limit_id: str
    max: int
    window_ms: int = 0
    calendar: CalendarUnit | None = None
    counts: ContactEvent = ContactEvent.RESERVED
    channels: tuple[str, ...] = ()
    direction: str = ""
    """Empty: both."""
    message_class: str = MARKETING
    """EVERY_CLASS: every one."""
    issues: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    scope: LimitScope = LimitScope.ALL
    responses: tuple[ContactResponse, ...] = added(())
    pause_ms: int = added(0)

    @property
    def reach_ms(self) -> int:
        """Nothing that is longer past counts."""
        window_ms = self.window_ms if self.calendar is None else _LONGEST_MS[self.calendar]
        return window_ms + self.pause_ms


def check_contact_limits(limits: Sequence[ContactLimit], path: str) -> Faults:
    """The faults of all of them, each limit's under `path[i]`; ids that are declared twice included."""
    if len(limits) > MAX_LIMITS:
        yield path, f"must be at most {MAX_LIMITS}"
    taken: set[str] = set()
    for index, limit in enumerate(limits):
        yield from check_contact_limit(limit, f"{path}[{index}]")
        if limit.limit_id in taken:
            yield f"{path}[{index}].limit_id", f"{limit.limit_id!r} is declared twice"
        taken.add(limit.limit_id)


def check_contact_limit(limit: ContactLimit, path: str) -> Faults:
    """The faults of one limit, each with the path of its field."""
    if not is_name(limit.limit_id):
        yield f"{path}.limit_id", f"{limit.limit_id!r} must match [a-z][a-z0-9_]*, at most 64 characters"
    if not 0 <= limit.max <= MAX_COUNT:
        yield f"{path}.max", "must not be negative, and at most 2147483647"
    yield from _window_faults(limit, path)
    yield from _suppression_faults(limit, path)
    if limit.direction and limit.direction not in DIRECTIONS:
        yield f"{path}.direction", f"must be {' or '.join(DIRECTIONS)}, or empty for both"
    if limit.message_class != EVERY_CLASS and not is_code(limit.message_class):
        yield f"{path}.message_class", 'must match [A-Z][A-Z0-9_]*, at most 64 characters, or be "*"'
    yield from _narrowing_faults(limit, path)


def _window_faults(limit: ContactLimit, path: str) -> Faults:
    if limit.window_ms and limit.calendar is not None:
        yield f"{path}.calendar", "must not be set together with window"
    elif limit.calendar is None and not limit.window_ms:
        yield f"{path}.window", "required and missing: a limit has a window, or a calendar unit"
    if limit.window_ms and not MIN_WINDOW_MS <= limit.window_ms <= MAX_WINDOW_MS:
        yield f"{path}.window", f"must be from one second to {MAX_WINDOW_MS // MS_PER_DAY} days"


def _suppression_faults(limit: ContactLimit, path: str) -> Faults:
    if limit.responses and not limit.max:
        yield f"{path}.max", "must be at least 1 where responses are counted"
    if not limit.pause_ms:
        return
    if not limit.responses:
        yield f"{path}.pause", "needs responses: only a suppression rule pauses"
    if limit.calendar is not None:
        yield f"{path}.pause", "needs a rolling window"
    elif limit.reach_ms > MAX_WINDOW_MS:
        yield f"{path}.pause", f"must be at most {MAX_WINDOW_MS // MS_PER_DAY} days together with the window"


def _narrowing_faults(limit: ContactLimit, path: str) -> Faults:
    for field in ("channels", "issues", "groups", "actions", "campaigns"):
        names: tuple[str, ...] = getattr(limit, field)
        if len(names) > MAX_NARROWING:
            yield f"{path}.{field}", f"must be at most {MAX_NARROWING}"
        for index, name in enumerate(names):
            if field == "channels" and not is_code(name):
                yield f"{path}.channels[{index}]", "must match [A-Z][A-Z0-9_]*, at most 64 characters"
            elif not name or not is_text(name, MAX_ID_LENGTH):
                yield f"{path}.{field}[{index}]", f"must have 1 to {MAX_ID_LENGTH} printable characters"
