"""Why each of the others fell, in words; built only for those who ask, except for the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat

import numpy as np

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.compete import Competition
from services.orchestrator.app.ports import DropReason, PolicyVerdict
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.consent import Permission
from services.orchestrator.domain.decision import Dropped
from services.orchestrator.domain.drops import EVERY_CHANNEL, Check, DropBlock, count_by_stage
from services.orchestrator.domain.pricing import BUSINESS_VALUE, CONTEXT_WEIGHT
from shared.clock import to_datetime
from shared.values import Feature, FeatureStatus, present

_UNKNOWN = Feature(None, FeatureStatus.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class _Wording:
    """What a reason adds to the name of its check."""

    attribute: str = ""
    observed: Feature | None = None
    threshold: str = ""


def drop_counts(verdict: PolicyVerdict, blocks: Sequence[DropBlock]) -> dict[int, int]:
    """By stage: actions at the stages of the engagement policy, (action, channel) pairs after them."""
    counts = Counter(verdict.dropped_by_stage) + count_by_stage(blocks)
    return dict(sorted(counts.items()))


def dropped(
    brief: Brief, verdict: PolicyVerdict, competition: Competition, blocks: Sequence[DropBlock]
) -> tuple[Dropped, ...]:
    """One sentence per drop: first those of the engagement policy, then the built-in checks in order."""
    words = _Words(brief, competition)
    channels = {option.treatment_id: option.channel for option in brief.catalogue.options}
    of_rules = [_of_rule(brief.catalogue, reason, channels) for reason in verdict.reasons]
    return (*of_rules, *(each for block in blocks for each in words.of_block(block)))


def _of_rule(catalogue: Catalogue, reason: DropReason, channels: Mapping[str, str]) -> Dropped:
    """`channels` are those of the treatments: one that fell alone fell on its channel only."""
    return Dropped(
        catalogue.actions[reason.action].action_id,
        channels.get(reason.treatment, ""),
        reason.stage,
        reason.rule_id,
        reason.rule_version,
        reason.attribute,
        reason.observed,
        reason.status,
        reason.threshold,
        reason.treatment,
        reason.failed,
        reason.smallest_change,
    )


class _Words:
    """Puts the drops of the built-in checks into words."""

    def __init__(self, brief: Brief, competition: Competition) -> None:
        self._brief = brief
        self._catalogue = brief.catalogue
        self._permissions = competition.permissions
        self._now = present(to_datetime(brief.now_ms))
        self._by_check: Mapping[Check, Callable[[int, int, float], _Wording]] = {
            Check.VALID_FROM: self._valid_from,
            Check.VALID_UNTIL: self._valid_until,
            Check.CONSENT: self._consent,
            Check.BUSINESS_VALUE: lambda *_: _Wording(BUSINESS_VALUE, _UNKNOWN),
            Check.CONTEXT_WEIGHT: lambda *_: _Wording(CONTEXT_WEIGHT, _UNKNOWN),
            Check.PRIORITY: self._priority,
        }

    def of_block(self, block: DropBlock) -> Iterator[Dropped]:
        word = self._by_check.get(block.check, _no_words)
        if block.check is Check.CONTACT_LIMIT:
            word = partial(self._limit, block.rule_id)
        margins = repeat(None) if block.margin is None else block.margin.tolist()
        rows = zip(block.action.tolist(), block.channel.tolist(), block.observed.tolist(), strict=True)
        for (action, channel, observed), margin in zip(rows, margins, strict=False):
            yield self._dropped(block, action, channel, word(action, channel, observed), margin)

    def _dropped(self, block: DropBlock, action: int, channel: int, wording: _Wording, margin: float | None) -> Dropped:
        observed = wording.observed
        return Dropped(
            self._catalogue.actions[action].action_id,
            "" if channel == EVERY_CHANNEL else self._catalogue.channel_names[channel],
            int(block.check.stage),
            block.rule_id,
            self._brief.policy.versions.policy,
            wording.attribute,
            observed.value if observed else None,
            observed.status if observed else None,
            wording.threshold,
            margin=margin,
        )

    def _valid_from(self, action: int, _channel: int, _observed: float) -> _Wording:
        return _Wording("now()", self._now, f">= {_moment(self._catalogue.valid_from_ms[action])}")

    def _valid_until(self, action: int, _channel: int, _observed: float) -> _Wording:
        return _Wording("now()", self._now, f"< {_moment(self._catalogue.valid_until_ms[action])}")

    def _consent(self, _action: int, channel: int, _observed: float) -> _Wording:
        declared = self._catalogue.channels[self._catalogue.channel_names[channel]]
        permission: Permission = self._permissions[channel]
        status = present(permission.status) if permission.status else _UNKNOWN
        return _Wording(f"consent.{declared.purpose}/{declared.name}", status, '== "GRANTED"')

    def _limit(self, limit_id: str, _action: int, _channel: int, observed: float) -> _Wording:
        most = next((limit.max for limit in self._brief.policy.limits.limits if limit.limit_id == limit_id), None)
        threshold = "" if most is None else f"< {most}"
        return _Wording(f"contacts.{limit_id}", present(int(observed)), threshold)

    def _priority(self, _action: int, _channel: int, observed: float) -> _Wording:
        reserve = self._brief.policy.settings.reserve
        threshold = f">= {reserve:g}" if observed < reserve else "another was drawn"
        return _Wording("priority", present(observed), threshold)


def _no_words(_action: int, _channel: int, _observed: float) -> _Wording:
    return _Wording()


def _moment(time_ms: np.int64) -> str:
    return to_datetime(int(time_ms)).isoformat().replace("+00:00", "Z")
