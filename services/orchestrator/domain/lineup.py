"""Who competes for what: the options that may be shown, place by place, and what fell on the way there.

Everything is masks over the catalogue's columns (A actions, O options, N channels). The line-up itself has one row per
candidate, place by place; a place's rows are `starts[p] : starts[p + 1]`:

    option int32[C]    starts intp[places + 1]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.channel_priority import first_channels
from services.orchestrator.domain.contact_limits import Allowance
from services.orchestrator.domain.drops import EVERY_CHANNEL, Check, DropBlock
from services.orchestrator.domain.places import Place
from services.orchestrator.domain.quiet_table import QuietMoment

Mask = NDArray[np.bool_]
Indices = NDArray[np.int32]


class NoActionReason(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.NoActionReason."""

    NO_CANDIDATE = 1
    NOT_ELIGIBLE = 2
    NO_CONSENT = 3
    BELOW_RESERVE = 4
    EXHAUSTED = 5
    DEGRADED = 6
    CHANNEL = 7
    NOT_PRICED = 8
    CONTACT_POLICY = 9
    RANDOMISED_SILENCE = 10
    VOLUME = 11
    HOLDOUT = 12
    CONTACT_GAP = 13


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """What was found out about the person and the moment."""

    eligible: Indices
    """Actions that passed the engagement policy."""
    permitted: Mask
    """bool[N]: channels on which the person may be contacted."""
    excluded: Indices
    """Actions the caller does not want."""
    now_ms: int
    allowance: Allowance | None = None
    """What the contact limits leave; None where the policy has none."""
    similar: Mask | None = None
    """bool[O]: options that no soft opt-in keeps out; None where no channel rests on one."""
    kept: Mask | None = None
    """bool[O]: options that no rule of their treatment or channel drops; None where none drops any."""
    quiet: QuietMoment | None = None
    """None where no hour can be quiet."""
    channel_ranks: Indices | None = None
    """int32[N]: of the channels of an action the one with the lowest comes first; None where all are equals."""
    acts_ms: int | None = None
    """When what is decided is shown: what has ended by then is out. None: at the moment."""


@dataclass(frozen=True, slots=True, eq=False)
class Lineup:
    option: Indices
    starts: NDArray[np.intp]
    drops: tuple[DropBlock, ...]
    empty_reasons: tuple[NoActionReason | None, ...]
    """By place: why it has no candidate at all; None where it has one."""


def line_up(catalogue: Catalogue, places: Sequence[Place], fits: Sequence[Mask], admission: Admission) -> Lineup:
    """The candidates of every place. `fits[p]` bool[O] says which options place p can show, by their texts."""
    alive, blocks = _alive(catalogue, admission)
    usable = _Usable.of(catalogue, alive, admission)
    views = [_PlaceView.of(catalogue, place, fit, usable) for place, fit in zip(places, fits, strict=True)]
    if admission.channel_ranks is not None:
        views = _on_first_channels(catalogue, views, admission.channel_ranks)
    rows = [np.flatnonzero(view.candidates).astype(np.int32) for view in views]
    starts = np.cumsum([0, *(row.size for row in rows)])
    blocks += _channel_drops(catalogue, views, alive, admission)
    return Lineup(
        np.concatenate(rows),
        starts.astype(np.intp),
        tuple(block for block in blocks if block.size),
        tuple(view.empty_reason() for view in views),
    )


def without(catalogue: Catalogue, lineup: Lineup, kept_out: Mask, check: Check, reason: NoActionReason) -> Lineup:
    """Without options (bool[O]), which fell to a check; `reason` where nothing else is left of a place."""
    out = kept_out[lineup.option]
    if not out.any():
        return lineup
    starts = np.concatenate(([0], np.cumsum(~out)))[lineup.starts].astype(np.intp)
    reasons = tuple(
        reason if before is None and not size else before
        for before, size in zip(lineup.empty_reasons, np.diff(starts), strict=True)
    )
    options = lineup.option[out]
    channels = len(catalogue.channel_names)
    pairs = np.unique(catalogue.option_action[options].astype(np.int64) * channels + catalogue.option_channel[options])
    action, channel = np.divmod(pairs, channels)
    block = DropBlock.of(check, action.astype(np.int32), channel.astype(np.int32))
    return Lineup(lineup.option[~out], starts, (*lineup.drops, block), reasons)


def _alive(catalogue: Catalogue, admission: Admission) -> tuple[Mask, list[DropBlock]]:
    """bool[A] after the built-in checks of actions, and what each dropped of what the rules had left."""
    alive = np.zeros(len(catalogue.actions), dtype=np.bool_)
    alive[admission.eligible] = True
    excluded = np.zeros_like(alive)
    excluded[admission.excluded] = True
    shown_ms = admission.now_ms if admission.acts_ms is None else admission.acts_ms
    blocks = []
    for check, fails in (
        (Check.EXCLUDED, excluded),
        (Check.PAUSED, catalogue.paused),
        (Check.VALID_FROM, catalogue.valid_from_ms > admission.now_ms),
        (Check.VALID_UNTIL, catalogue.valid_until_ms <= shown_ms),
    ):
        blocks.append(DropBlock.of(check, np.flatnonzero(alive & fails).astype(np.int32)))
        alive &= ~fails
    return alive, blocks


@dataclass(frozen=True, slots=True, eq=False)
class _Usable:
    """bool[O]: what the rules, the consents and the contact policy say of each option, whatever the place."""

    alive: Mask
    permitted: Mask
    awake: Mask | None
    roomy: Mask | None

    @classmethod
    def of(cls, catalogue: Catalogue, alive: Mask, admission: Admission) -> _Usable:
        permitted = admission.permitted[catalogue.option_channel]
        of_action = alive[catalogue.option_action]
        return cls(
            of_action if admission.kept is None else of_action & admission.kept,
            permitted if admission.similar is None else permitted & admission.similar,
            _awake(catalogue, admission.quiet),
            None if admission.allowance is None else admission.allowance.roomy(),
        )


def _awake(catalogue: Catalogue, quiet: QuietMoment | None) -> Mask | None:
    if quiet is None:
        return None
    return quiet.table.awake(quiet.standing, catalogue.valid_until_ms[catalogue.option_action])


@dataclass(frozen=True, slots=True, eq=False)
class _PlaceView:
    """The options as one place sees them: bool[O] each, every one within the one before."""

    on_channel: Mask
    fitting: Mask
    eligible: Mask
    permitted: Mask
    awake: Mask
    roomy: Mask
    candidates: Mask
    alive_on_channel: Mask
    channels: Indices

    @classmethod
    def of(cls, catalogue: Catalogue, place: Place, fits: Mask, usable: _Usable) -> _PlaceView:
        on_channel = place.has_channel[catalogue.option_channel]
        fitting = on_channel & fits
        eligible = fitting & usable.alive
        permitted = eligible & usable.permitted
        awake = permitted if usable.awake is None else permitted & usable.awake
        roomy = awake if usable.roomy is None else awake & usable.roomy
        channels = np.flatnonzero(place.has_channel).astype(np.int32)
        alive = on_channel & usable.alive
        return cls(on_channel, fitting, eligible, permitted, awake, roomy, roomy, alive, channels)

    def empty_reason(self) -> NoActionReason | None:
        if self.candidates.any():
            return None
        if not self.on_channel.any():
            return NoActionReason.NO_CANDIDATE
        if self.permitted.any():
            return NoActionReason.CONTACT_POLICY
        if self.eligible.any():
            return NoActionReason.NO_CONSENT
        return NoActionReason.CHANNEL if self.alive_on_channel.any() else NoActionReason.NOT_ELIGIBLE

    @property
    def channel(self) -> int:
        """The one channel of the place, or EVERY_CHANNEL."""
        return int(self.channels[0]) if self.channels.size == 1 else EVERY_CHANNEL


def _on_first_channels(catalogue: Catalogue, views: Sequence[_PlaceView], ranks: Indices) -> list[_PlaceView]:
    """Over all places: an action that could go out on its first channel in one of them is on no other in any."""
    first = first_channels(catalogue, np.logical_or.reduce([view.roomy for view in views]), ranks)
    return [replace(view, candidates=view.roomy & first) for view in views]


def _channel_drops(
    catalogue: Catalogue, views: Sequence[_PlaceView], alive: Mask, admission: Admission
) -> list[DropBlock]:
    """(action, channel) pairs that are a candidate nowhere, each under the earliest check that dropped it."""
    pairs = _Pairs(catalogue)
    seen = pairs.any_of(pairs.of_options(view.candidates) for view in views)
    refused = pairs.any_of(pairs.of_options(view.eligible & ~view.permitted) for view in views)
    too_long = pairs.any_of(pairs.of_options(view.alive_on_channel & ~view.fitting) for view in views)
    lacking = pairs.any_of(pairs.of_actions(_without_option(catalogue, view, alive), view.channel) for view in views)
    blocks = []
    for check, dropped in ((Check.CONSENT, refused), (Check.ACCEPTS, too_long), (Check.TREATMENT, lacking)):
        blocks.append(DropBlock.of(check, *pairs.split(dropped & ~seen)))
        seen |= dropped
    return blocks + _contact_drops(catalogue, views, seen, admission)


def _contact_drops(
    catalogue: Catalogue, views: Sequence[_PlaceView], seen: Mask, admission: Admission
) -> list[DropBlock]:
    """The pairs that the contact policy dropped, of those that nothing did before. Adds them to `seen`."""
    blocks = []
    quiet, allowance = admission.quiet, admission.allowance
    if quiet is not None:
        kept_back = _fresh(catalogue, [view.permitted & ~view.awake for view in views], seen)
        blocks += _quiet_drops(catalogue, kept_back, quiet)
    if allowance is not None:
        capped = _fresh(catalogue, [view.awake & ~view.roomy for view in views], seen)
        blocks += _limit_drops(catalogue, capped, allowance)
    if admission.channel_ranks is not None:
        second = _fresh(catalogue, [view.roomy & ~view.candidates for view in views], seen)
        action, channel = catalogue.option_action[second], catalogue.option_channel[second]
        ranks = admission.channel_ranks[channel].astype(np.float64) + 1
        blocks.append(DropBlock(Check.CHANNEL_PRIORITY, action, channel, ranks))
    return blocks


def _fresh(catalogue: Catalogue, dropped: Sequence[Mask], seen: Mask) -> Indices:
    """int32[D]: one option for each pair of those that were dropped in some place and are not seen yet. Sees them."""
    options = np.flatnonzero(np.logical_or.reduce(dropped)).astype(np.int32)
    action, channel = catalogue.option_action[options], catalogue.option_channel[options]
    _, first = np.unique(action.astype(np.int64) * seen.shape[1] + channel, return_index=True)
    first = first[~seen[action[first], channel[first]]]
    seen[action[first], channel[first]] = True
    fresh: Indices = options[first]
    return fresh


def _quiet_drops(catalogue: Catalogue, options: Indices, quiet: QuietMoment) -> list[DropBlock]:
    """By the quiet hour that holds."""
    rule = quiet.table.holding(quiet.standing, options)
    return [
        DropBlock(
            Check.QUIET_HOURS,
            catalogue.option_action[rows],
            catalogue.option_channel[rows],
            np.full(rows.size, np.nan),
            quiet.table.rules[index].rule_id,
        )
        for index in np.unique(rule).tolist()
        for rows in (options[rule == index],)
    ]


def _limit_drops(catalogue: Catalogue, options: Indices, allowance: Allowance) -> list[DropBlock]:
    """By the first limit that has no room."""
    action, channel = catalogue.option_action[options], catalogue.option_channel[options]
    counter = allowance.first_full(options)
    limit = allowance.table.counter_limit[counter]
    used = allowance.used[counter].astype(np.float64)
    return [
        DropBlock(Check.CONTACT_LIMIT, action[rows], channel[rows], used[rows], allowance.table.limits[index].limit_id)
        for index in np.unique(limit).tolist()
        for rows in (np.flatnonzero(limit == index),)
    ]


def _without_option(catalogue: Catalogue, view: _PlaceView, alive: Mask) -> Mask:
    """bool[A]: living actions that have no option on any channel of the place."""
    lacking = alive.copy()
    lacking[catalogue.option_action[view.on_channel]] = False
    return lacking


class _Pairs:
    """Sets of (action, channel) as bool[A, N + 1]; the last column stands for every channel."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._shape = (len(catalogue.actions), len(catalogue.channel_names) + 1)

    def any_of(self, sets: Iterable[Mask]) -> Mask:
        union = np.zeros(self._shape, dtype=np.bool_)
        for each in sets:
            union |= each
        return union

    def of_options(self, options: Mask) -> Mask:
        pairs = np.zeros(self._shape, dtype=np.bool_)
        pairs[self._catalogue.option_action[options], self._catalogue.option_channel[options]] = True
        return pairs

    def of_actions(self, actions: Mask, channel: int) -> Mask:
        pairs = np.zeros(self._shape, dtype=np.bool_)
        pairs[actions, channel] = True
        return pairs

    def split(self, pairs: Mask) -> tuple[Indices, Indices]:
        action, channel = np.nonzero(pairs)
        every = self._shape[1] - 1
        return action.astype(np.int32), np.where(channel == every, EVERY_CHANNEL, channel).astype(np.int32)
