"""Why the contact policy dropped something, in words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.compete import Competition
from services.orchestrator.app.decide.wording import UNKNOWN, Wording, moment
from services.orchestrator.domain.policy_parts import ContactLimitPart
from services.orchestrator.domain.quiet_hours import EVERY_DAY, Calendar, QuietHour
from services.orchestrator.domain.quiet_table import QuietMoment
from shared.clock import MS_PER_DAY, to_datetime
from shared.time_zones import zone
from shared.values import present

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class ContactWords:
    """By the action and the channel that fell, as indices of the catalogue."""

    def __init__(self, brief: Brief, competition: Competition) -> None:
        self._brief = brief
        self._catalogue = brief.catalogue
        self._competition = competition

    def limit(self, limit_id: str, action: int, channel: int, observed: float) -> Wording:
        limits = self._brief.policy.limits.limits
        limit = next((each for each in limits if each.limit_id == limit_id), None)
        counted = present(int(observed))
        if limit is None:
            return Wording(f"contacts.{limit_id}", counted)
        if limit.aggregate:
            return Wording(f"events.{limit.event}", counted, f"< 1 within {_span(limit.window_ms or 0)}")
        if limit.outcomes:
            return Wording(f"outcomes.{limit_id}", counted, f"< {limit.max}{self._until(limit, action, channel)}")
        return Wording(f"contacts.{limit_id}", counted, f"< {limit.max}")

    def quiet(self, action: int, channel: int, _observed: float) -> Wording:
        quiet = self._competition.quiet
        assert quiet is not None, "only quiet hours drop so"
        rule = self._holding(quiet, action, channel)
        residence, region = self._brief.policy.contact.residence, quiet.standing.region
        if not quiet.standing.zone:
            return Wording(residence.zone_trait or "time_zone", UNKNOWN, "a time zone")
        if rule.holidays and not region.country:
            return Wording(residence.country_trait or "country", UNKNOWN, "a country whose public holidays are known")
        wall = Calendar(zone(quiet.standing.zone), region).wall(self._brief.acts_ms)
        shown = f"{_DAYS[wall.weekday()]} {wall:%Y-%m-%d %H:%M} {quiet.standing.zone}"
        return Wording("local_time", present(shown), f"not {_hours(rule)}")

    def priority(self, _action: int, _channel: int, observed: float) -> Wording:
        return Wording("channel_priority", present(int(observed)), "another channel comes first")

    def gap(self) -> Wording:
        until_ms = self._competition.gap_until_ms
        assert until_ms is not None, "only an open gap drops so"
        return Wording("now()", present(to_datetime(self._brief.acts_ms)), f">= {moment(until_ms)}")

    def _until(self, limit: ContactLimitPart, action: int, channel: int) -> str:
        allowance = self._competition.allowance
        ends_ms = None if allowance is None else allowance.ends_ms(limit.limit_id, action, channel, self._catalogue)
        return "" if ends_ms is None else f", or from {moment(ends_ms)}"

    def _holding(self, quiet: QuietMoment, action: int, channel: int) -> QuietHour:
        catalogue = self._catalogue
        options = np.flatnonzero((catalogue.option_action == action) & (catalogue.option_channel == channel))
        (number,) = quiet.table.holding(quiet.standing, options[:1].astype(np.int32))
        return quiet.table.rules[int(number)]


def _hours(rule: QuietHour) -> str:
    """21:00 to 08:00 on Sat, Sun, nor on a public holiday."""
    said = []
    if rule.end:
        days = "" if rule.days == EVERY_DAY else f" on {_names(rule.days)}"
        said.append(f"{_clock(rule.begin)} to {_clock(rule.end)}{days}")
    if rule.holidays:
        said.append("on a public holiday")
    return ", nor ".join(said)


def _names(days: Iterable[int]) -> str:
    return ", ".join(_DAYS[day] for day in sorted(days))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _span(span_ms: int) -> str:
    return f"{span_ms // MS_PER_DAY}d" if span_ms % MS_PER_DAY == 0 else f"{span_ms / 3_600_000:g}h"
