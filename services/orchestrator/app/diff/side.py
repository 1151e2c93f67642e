"""What one policy did in a replay, counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.decision_results import results_of
from services.orchestrator.domain.drops import Stage

HARDLY = 0.01
"""Expected contacts of a person, or presentations of an action per decision it competes in, below which it starves."""
LEAST_COMPETED = 20
"""Decisions in which an action competed, before it can be called starving."""
_CAPS = (int(Stage.CONTACT_POLICY), int(Stage.VOLUME))


@dataclass(slots=True)
class Side:
    """Filled decision by decision. Contacts are expected ones: sums of probabilities."""

    policy: ActivePolicy
    decisions: int = 0
    contacts: float = 0.0
    by_channel: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    by_action: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    by_person: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    competed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[int] = field(default_factory=Counter)
    capped: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    """Of resources, in millionths."""

    def tell(self, person: str, made: DecisionRecord, used: Counter[str] | None = None) -> None:
        """`used` None: of resources what was answered uses."""
        self.decisions += 1
        for action, channel, probability in self._contacts(made):
            self.contacts += probability
            self.by_channel[channel] += probability
            self.by_action[action] += probability
            self.by_person[person] += probability
        self.by_person[person] += 0.0
        self.competed.update(self._competing(made))
        self.dropped.update(made.answer.dropped_by_stage)
        self.capped.update(each.rule_id for each in made.answer.dropped if int(each.stage) in _CAPS)
        self.used.update(_used(made) if used is None else used)

    def _contacts(self, made: DecisionRecord) -> Iterator[tuple[str, str, float]]:
        catalogue, columns = self.policy.catalogue, made.candidates
        for slot in made.slots:
            first = int(columns.starts[slot.place])
            for offset in np.flatnonzero(slot.probabilities[:-1]).tolist():
                option = catalogue.options[int(columns.option[first + offset])]
                yield catalogue.actions[option.action].action_id, option.channel, float(slot.probabilities[offset])

    def _competing(self, made: DecisionRecord) -> set[str]:
        catalogue = self.policy.catalogue
        return {
            catalogue.actions[int(action)].action_id
            for action in np.unique(catalogue.option_action[made.candidates.option]).tolist()
        }

    @property
    def starving_persons(self) -> int:
        return sum(contacts < HARDLY for contacts in self.by_person.values())

    def starving_actions(self) -> tuple[str, ...]:
        """Those that compete and are hardly ever shown."""
        return tuple(
            sorted(
                action
                for action, count in self.competed.items()
                if count >= LEAST_COMPETED and self.by_action.get(action, 0.0) < HARDLY * count
            )
        )


def _used(made: DecisionRecord) -> Counter[str]:
    used = Counter[str]()
    for place in made.answer.placements:
        for each in place.propositions:
            for use in each.uses:
                used[use.resource_id] += use.used
    return used


def winners(record: DecisionRecord) -> tuple[tuple[str, str, str], ...]:
    """Placement, action and channel of all that was answered, in order; an empty action for none."""
    return tuple((each.placement_id, each.action, each.channel) for each in results_of(record.answer.placements))
