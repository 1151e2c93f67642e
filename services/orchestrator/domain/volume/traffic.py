"""How many decisions the hours bring in which a resource was at stake, learnt from those that came.

Each hour of the day has a moving mean over the days. A period that begins knows nothing else; while it runs, what came
so far is compared with what was to come, and the rest is expected by that ratio. Without any hour learnt, traffic is
expected to go on as it came so far.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

HOUR_MS = 3_600_000
HOURS = 24
_UNKNOWN = -1.0
_NEWEST = 0.3
"""The weight of a new day."""
_HEAD_START = 0.05
"""Of what a day brings: how much the learnt shape weighs against what came so far."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """`usual` float[24]: decisions by hour of the day in UTC; below 0 where none was seen whole."""

    usual: tuple[float, ...] = (_UNKNOWN,) * HOURS
    hour: int = -1
    """The running one, in hours since 1970."""
    in_hour: int = 0
    is_whole: bool = False
    """Whether the running hour was watched from its start."""
    dispersion: float = 1.0
    """How far hours were off, squared, by what was expected of them: 1 for pure chance."""

    @property
    def is_known(self) -> bool:
        return any(each >= 0 for each in self.usual)


def counted(traffic: Traffic, arrivals: int, now_ms: int) -> Traffic:
    """With decisions that came since, the hours that are over learnt: of those that nobody told of, that none came."""
    hour = now_ms // HOUR_MS
    if hour <= traffic.hour:
        return replace(traffic, in_hour=traffic.in_hour + arrivals)
    is_first = traffic.hour < 0
    while not is_first and traffic.hour < hour:
        learnt = _learnt(traffic) if traffic.is_whole else traffic
        traffic = replace(learnt, hour=max(traffic.hour + 1, hour - HOURS), in_hour=0, is_whole=True)
    return replace(traffic, hour=hour, in_hour=arrivals)


def expected(traffic: Traffic, start_ms: int, end_ms: int) -> float:
    """Decisions within a time, as usual; 0 where nothing was learnt."""
    return max(0.0, _until(traffic, end_ms) - _until(traffic, start_ms))


def remaining(traffic: Traffic, came: int, start_ms: int, now_ms: int, end_ms: int) -> float:
    """Decisions that are still to come in a period, of which `came` did already."""
    if not traffic.is_known:
        elapsed = now_ms - start_ms
        return came * (end_ms - now_ms) / elapsed if elapsed > 0 else 0.0
    head_start = _HEAD_START * _day(traffic) + 1.0
    so_far = expected(traffic, start_ms, now_ms)
    return expected(traffic, now_ms, end_ms) * (came + head_start) / (so_far + head_start)


def _learnt(traffic: Traffic) -> Traffic:
    place = traffic.hour % HOURS
    before, came = traffic.usual[place], float(traffic.in_hour)
    if before < 0:
        return replace(traffic, usual=_put(traffic.usual, place, came))
    off = (came - before) ** 2 / max(before, 1.0)
    return replace(
        traffic,
        usual=_put(traffic.usual, place, before + _NEWEST * (came - before)),
        dispersion=max(1.0, traffic.dispersion + _NEWEST / HOURS * (off - traffic.dispersion)),
    )


def _put(usual: tuple[float, ...], place: int, value: float) -> tuple[float, ...]:
    return (*usual[:place], value, *usual[place + 1 :])


def _filled(traffic: Traffic) -> list[float]:
    """Hours that nobody saw are like the mean of the others."""
    known = [each for each in traffic.usual if each >= 0]
    mean = sum(known) / len(known) if known else 0.0
    return [each if each >= 0 else mean for each in traffic.usual]


def _day(traffic: Traffic) -> float:
    return sum(_filled(traffic))


def _until(traffic: Traffic, time_ms: int) -> float:
    """Since 1970."""
    hours = _filled(traffic)
    days, within_ms = divmod(time_ms, HOURS * HOUR_MS)
    whole, rest_ms = divmod(within_ms, HOUR_MS)
    return days * sum(hours) + sum(hours[:whole]) + hours[whole] * rest_ms / HOUR_MS
