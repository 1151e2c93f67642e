"""What a policy promises to the outside, read from its files by nobody who decides: shares no code with the services.

Only what the checker of decisions counts: contact limits, suppression rules, quiet hours, amounts, costs, and which
channels need a consent. What it does not know how to count it refuses, so that nothing goes unchecked in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
NARROWING = ("channel", "direction", "issue", "group", "action", "message_class")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contacts something is about; a kind that is not named does not narrow. Names as decisions write them."""

    named: Mapping[str, frozenset[str]]

    def holds(self, contact: object) -> bool:
        return all(getattr(contact, kind) in names for kind, names in self.named.items())


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` contacts of a person in a rolling window, or in a calendar unit."""

    limit_id: str
    most: int
    scope: Scope
    window_ms: int
    calendar: str
    counts: str
    per: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """So many responses within a time, or one event, refuse contacts for `pause_ms`."""

    rule_id: str
    scope: Scope
    outcomes: frozenset[str]
    event: str
    times: int
    within_ms: int
    pause_ms: int
    per: str


@dataclass(frozen=True, slots=True)
class QuietHours:
    rule_id: str
    scope: Scope
    begin: int
    end: int
    """Minutes of the day."""
    defers: bool

    def hold(self, wall: datetime) -> bool:
        minute = wall.hour * 60 + wall.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


@dataclass(frozen=True, slots=True)
class Amount:
    """Of a budget, a stock or a capacity."""

    resource: str
    amount: float
    scope: Scope
    by_cost: bool
    period_ms: int
    """0: there is one."""


@dataclass(frozen=True, slots=True)
class Rules:
    limits: Sequence[Limit]
    suppressions: Sequence[Suppression]
    quiet_hours: Sequence[QuietHours]
    amounts: Sequence[Amount]
    purposes: Mapping[str, str]
    """By channel that needs a consent."""
    costs: Mapping[str, float]
    """By treatment."""
    attributes: frozenset[str]
    """What a profile says: without a basis for profiling nothing of it may be used."""
    zone: str
    """Of whom none is known."""

    @classmethod
    def of(cls, written: Mapping[str, bytes]) -> Rules:
        policy = _merged(written)
        contact: Mapping[str, Any] = policy.get("contact_policy", {})
        return cls(
            [_limit(each) for each in contact.get("limits", ())],
            [_suppression(each) for each in contact.get("suppression_rules", ())],
            [_quiet(each) for each in contact.get("quiet_hours", ())],
            [_amount(kind, *each) for kind in AMOUNTS for each in policy.get(kind, {}).items()],
            _purposes(policy["channels"]),
            {name: float(each.get("cost", 0)) for name, each in _treatments(policy)},
            frozenset({*policy.get("traits", {}), *policy.get("aggregates", {})}),
            str(contact.get("time_zone", "UTC")),
        )


AMOUNTS = {"budgets": "amount", "stock": "units", "capacity": "units"}


def wall(moment_ms: int, zone: str) -> datetime:
    """What the clock on the wall shows."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=moment_ms)
    return moment.astimezone(_zone(zone)).replace(tzinfo=None)


@lru_cache(maxsize=100)
def _zone(name: str) -> ZoneInfo:
    """Of the edition of the IANA database that is locked with the program: machines have older ones."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


UNITS: Mapping[str, int] = {"hour": 4, "day": 3, "month": 2, "year": 1}
"""How many of the numbers of a time name the unit."""


def unit_of(unit: str, moment_ms: int, zone: str) -> tuple[int, ...]:
    """Which hour, day, week, month or year the wall shows: later ones compare greater."""
    shown = wall(moment_ms, zone)
    if unit == "week":
        return tuple(shown.isocalendar()[:2])
    return tuple(shown.timetuple())[: UNITS[unit]]


def _merged(written: Mapping[str, bytes]) -> dict[str, Any]:
    """The top-level sections of all files together."""
    policy: dict[str, Any] = {}
    for content in written.values():
        for key, value in (YAML(typ="safe", pure=False).load(content) or {}).items():
            known = policy.get(key)
            policy[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return policy


def _span_ms(written: object) -> int:
    parts = re.findall(r"(\d+)([smhdw])", str(written))
    assert "".join(number + unit for number, unit in parts) == str(written), written
    return sum(int(number) * SECONDS[unit] for number, unit in parts) * 1_000


def _scope(written: Mapping[str, Any], *, usual_class: bool) -> Scope:
    named: dict[str, frozenset[str]] = {}
    for kind in NARROWING:
        values = written.get(f"{kind}s", [written[kind]] if kind in written else [])
        if values:
            is_upper = kind in ("channel", "direction", "message_class")
            named[kind] = frozenset(str(each).upper() if is_upper else str(each) for each in values)
    if usual_class:
        named.setdefault("message_class", frozenset({"MARKETING"}))
    if "*" in named.get("message_class", ()):
        del named["message_class"]
    return Scope(named)


def _check_keys(written: Mapping[str, Any], *known: str) -> None:
    plural = {f"{kind}s" for kind in NARROWING}
    unknown = set(written) - {*known, *NARROWING, *plural}
    assert not unknown, f"the checker cannot count {unknown} of {written}"


def _limit(written: Mapping[str, Any]) -> Limit:
    _check_keys(written, "id", "max", "window", "calendar", "counts", "per")
    counts = str(written.get("counts", "RESERVED")).upper()
    assert counts in ("RESERVED", "ATTEMPTED", "IMPRESSION"), counts
    window_ms = _span_ms(written["window"]) if "window" in written else 0
    return Limit(
        written["id"],
        written["max"],
        _scope(written, usual_class=True),
        window_ms,
        str(written.get("calendar", "")).lower(),
        counts,
        written.get("per", ""),
    )


def _suppression(written: Mapping[str, Any]) -> Suppression:
    _check_keys(written, "id", "outcome", "outcomes", "event", "times", "within", "pause", "per")
    outcomes = written.get("outcomes", [written["outcome"]] if "outcome" in written else [])
    assert "IGNORED" not in outcomes, "what overrules it is not known here"
    return Suppression(
        written["id"],
        _scope(written, usual_class=True),
        frozenset(outcomes),
        written.get("event", ""),
        written.get("times", 1),
        _span_ms(written.get("within", "1s")),
        _span_ms(written["pause"]),
        written.get("per", ""),
    )


def _quiet(written: Mapping[str, Any]) -> QuietHours:
    _check_keys(written, "id", "from", "to", "then")
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (str(written["from"]), str(written["to"])))
    return QuietHours(
        written["id"], _scope(written, usual_class=True), begin, end, str(written.get("then", "")).lower() == "defer"
    )


def _amount(kind: str, name: str, written: Mapping[str, Any]) -> Amount:
    _check_keys(written, AMOUNTS[kind], "per")
    scope = _scope(written, usual_class=False)
    if kind == "stock" and not scope.named:
        scope = Scope({"action": frozenset({name})})
    period_ms = _span_ms(written["per"]) if "per" in written else 0
    return Amount(name, float(written[AMOUNTS[kind]]), scope, kind == "budgets", period_ms)


def _purposes(channels: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    outbound = {name: each for name, each in channels.items() if str(each["direction"]).upper() == "OUTBOUND"}
    return {name.upper(): str(each.get("purpose", "marketing")).upper() for name, each in outbound.items()}


def _treatments(policy: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [each for action in policy["actions"].values() for each in action["treatments"].items()]
