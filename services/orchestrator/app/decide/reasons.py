"""Why each of the others fell, in words; built only for those who ask, except for the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat

import numpy as np

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.compete import Competition
from services.orchestrator.app.decide.contact_words import ContactWords
from services.orchestrator.app.decide.wording import UNKNOWN, Wording, moment
from services.orchestrator.app.ports import DropReason, PolicyVerdict
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.consent import Permission
from services.orchestrator.domain.decision import Dropped
from services.orchestrator.domain.drops import EVERY_CHANNEL, Check, DropBlock, count_by_stage
from services.orchestrator.domain.pricing import BUSINESS_VALUE, CONTEXT_WEIGHT
from services.orchestrator.domain.volume.resources import MILLIONTHS
from shared.clock import to_datetime
from shared.values import INT64_MAX, present

HELD_OUT = "held out: the person is in the control arm that gets no marketing"


def drop_counts(verdict: PolicyVerdict, blocks: Sequence[DropBlock]) -> dict[int, int]:
    """By stage: actions at the stages of the engagement policy, (action, channel) pairs after them."""
    counts = Counter(verdict.dropped_by_stage) + count_by_stage(blocks)
    return dict(sorted(counts.items()))


def dropped(
    brief: Brief, verdict: PolicyVerdict, competition: Competition, blocks: Sequence[DropBlock]
) -> tuple[Dropped, ...]:
    """One sentence per drop: first those of the engagement policy, then the built-in checks in order."""
    words = _Words(brief, competition)
    alone = {reason.treatment for reason in verdict.reasons if reason.treatment}
    channels = {each.treatment_id: each.channel for each in brief.catalogue.options if each.treatment_id in alone}
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
        self._reserve = competition.reserve
        self._contact = ContactWords(brief, competition)
        self._now = present(to_datetime(brief.now_ms))
        self._shown = present(to_datetime(brief.acts_ms))
        self._by_check: Mapping[Check, Callable[[int, int, float], Wording]] = {
            Check.VALID_FROM: self._valid_from,
            Check.VALID_UNTIL: self._valid_until,
            Check.CONSENT: self._consent,
            Check.BUSINESS_VALUE: lambda *_: Wording(BUSINESS_VALUE, UNKNOWN),
            Check.CONTEXT_WEIGHT: lambda *_: Wording(CONTEXT_WEIGHT, UNKNOWN),
            Check.PRIORITY: self._priority,
            Check.QUIET_HOURS: self._contact.quiet,
            Check.CHANNEL_PRIORITY: self._contact.priority,
            Check.CONTACT_GAP: lambda *_: self._contact.gap(),
            Check.HOLDOUT: lambda *_: Wording("arm", present(Arm.HOLDOUT.name), HELD_OUT),
            Check.AT_MOST: lambda _, __, observed: Wording("at_most", present(int(observed)), f"< {observed:g}"),
            Check.RANDOMISED_SILENCE: lambda *seen: Wording("priority", present(seen[2]), "withheld on purpose"),
        }

    def of_block(self, block: DropBlock) -> Iterator[Dropped]:
        word = self._by_check.get(block.check, _no_words)
        if block.check is Check.CONTACT_LIMIT:
            word = partial(self._contact.limit, block.rule_id)
        if block.check is Check.VOLUME:
            word = partial(self._volume, block.rule_id)
        margins = repeat(None) if block.margin is None else block.margin.tolist()
        rows = zip(block.action.tolist(), block.channel.tolist(), block.observed.tolist(), strict=True)
        stage, rule_id, version = int(block.check.stage), block.rule_id, self._brief.policy.versions.policy
        actions, channels = self._catalogue.actions, self._catalogue.channel_names
        for (action, channel, seen), margin in zip(rows, margins, strict=False):
            wording = word(action, channel, seen)
            observed = wording.observed
            yield Dropped(
                actions[action].action_id,
                "" if channel == EVERY_CHANNEL else channels[channel],
                stage,
                rule_id,
                version,
                wording.attribute,
                observed.value if observed else None,
                observed.status if observed else None,
                wording.threshold,
                margin=margin,
            )

    def _valid_from(self, action: int, _channel: int, _observed: float) -> Wording:
        return Wording("now()", self._now, f">= {moment(int(self._catalogue.valid_from_ms[action]))}")

    def _valid_until(self, action: int, _channel: int, _observed: float) -> Wording:
        ends_ms = int(self._catalogue.valid_until_ms[action])
        seen = self._now if ends_ms <= self._brief.now_ms else self._shown
        return Wording("now()", seen, f"< {moment(ends_ms)}")

    def _consent(self, _action: int, channel: int, _observed: float) -> Wording:
        declared = self._catalogue.channels[self._catalogue.channel_names[channel]]
        permission: Permission = self._permissions[channel]
        status = present(permission.status) if permission.status else UNKNOWN
        return Wording(f"consent.{declared.purpose}/{declared.name}", status, '== "GRANTED"')

    def _volume(self, resource_id: str, action: int, channel: int, observed: float) -> Wording:
        """The least that a contact of this action on this channel uses. NaN: nobody could tell what is left."""
        table, catalogue = self._brief.policy.compiled.volume, self._catalogue
        rows = np.flatnonzero((catalogue.option_action == action) & (catalogue.option_channel == channel))
        least = int(table.use[rows, table.index[resource_id]].min(initial=INT64_MAX))
        left = UNKNOWN if np.isnan(observed) else present(observed)
        return Wording(f"volume.{resource_id}", left, f">= {least / MILLIONTHS:g}")

    def _priority(self, _action: int, _channel: int, observed: float) -> Wording:
        reserve = self._reserve
        threshold = f">= {reserve:g}" if observed < reserve else "another was drawn"
        return Wording("priority", present(observed), threshold)


def _no_words(_action: int, _channel: int, _observed: float) -> Wording:
    return Wording()
