"""The options that two policies share, and how differently they are priced.

An option is known by action, treatment and channel. O options of the candidate, B of the baseline:

    index   intp[O]      the same option of the baseline; -1 where it has none
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import CandidateColumns, DecisionRecord
from services.orchestrator.app.diff.logged_slot import Option
from services.orchestrator.app.pressure.learning import learning_key
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.diff.off_policy import Column
from services.orchestrator.domain.policy_parts import RuleSetPart, ScopePart
from services.orchestrator.domain.pricing import BUSINESS_VALUE

_LEVEL_ABOVE = {"ACTION": "GROUP", "GROUP": "ISSUE", "ISSUE": "POLICY"}


class OptionPairs:
    """`values` and `costs`: actions that both have and that differ so, by what is declared or came out of it."""

    def __init__(self, baseline: ActivePolicy, candidate: ActivePolicy) -> None:
        self._baseline, self._candidate = baseline, candidate
        places = {name: option for option, name in enumerate(_names(baseline.catalogue))}
        names = list(_names(candidate.catalogue))
        self._index = np.array([places.get(name, -1) for name in names], dtype=np.intp)
        shared = np.flatnonzero(self._index >= 0)
        ours = candidate.catalogue.option_cost[shared]
        theirs = baseline.catalogue.option_cost[self._index[shared]]
        self.costs = {names[each][0] for each in shared[ours != theirs].tolist()}
        self.values = _declared_otherwise(baseline, candidate)

    def tell(self, baseline: DecisionRecord, candidate: DecisionRecord) -> None:
        """What both offer one person, and value differently."""
        option, values = candidate.candidates.option, candidate.candidates.business_value
        theirs = self._of_baseline(baseline.candidates, baseline.candidates.business_value, np.nan)[option]
        apart = np.isfinite(theirs) & ~np.isclose(values, theirs, rtol=1e-9, atol=1e-12)
        catalogue = self._candidate.catalogue
        found = np.unique(catalogue.option_action[option[apart]]).tolist()
        self.values |= {catalogue.actions[action].action_id for action in found}

    def moved(self, baseline: DecisionRecord, candidate: DecisionRecord) -> float:
        """Of the first slots: the total variation between the two."""
        ours, our_silence = _chances(candidate)
        theirs, their_silence = _chances(baseline)
        shared = self._of_baseline(baseline.candidates, theirs, 0.0)
        mine = np.zeros(self._index.size)
        mine[candidate.candidates.option[: ours.size]] = ours
        alone = float(theirs.sum() - shared.sum())
        return (float(np.abs(mine - shared).sum()) + alone + abs(our_silence - their_silence)) / 2

    def _of_baseline(self, columns: CandidateColumns, of_rows: Column, nothing: float) -> Column:
        """float64[O]: what the baseline's first rows have, at the options of the candidate."""
        spread = np.full(len(self._baseline.catalogue.options) + 1, nothing)
        spread[columns.option[: of_rows.size]] = of_rows
        spread[-1] = nothing  # where index is -1
        found: Column = spread[self._index]
        return found

    @property
    def not_comparable(self) -> tuple[str, ...]:
        """A line for each reason why money of one is not money of the other."""
        reasons = [
            f"{what} of {_listed(actions)} differ"
            for what, actions in (("values", self.values), ("costs", self.costs))
            if actions
        ]
        one, other = self._baseline.compiled, self._candidate.compiled
        if one.arbitrated != other.arbitrated:
            reasons.append("successes of another objective are counted, as another model expects them")
        elif one.feature_set.prior_propensity != other.feature_set.prior_propensity:
            reasons.append("the prior propensities differ, which models go by until they have learnt")
        if _pressure_counted(self._baseline) != _pressure_counted(self._candidate):
            reasons.append("what contacts cost later, by pressure, is counted otherwise")
        return tuple(reasons)


def _pressure_counted(policy: ActivePolicy) -> tuple[str, float] | None:
    """By what a contact costs later; None where it costs nothing."""
    plan = policy.compiled.pressure
    return None if plan is None else (learning_key(policy), plan.unsubscribe_value)


def _names(catalogue: Catalogue) -> Iterator[Option]:
    for each in catalogue.options:
        yield catalogue.actions[each.action].action_id, each.treatment_id, each.channel


def _chances(record: DecisionRecord) -> tuple[Column, float]:
    """Of the first slot of the first place; nobody has a chance where there is none."""
    first = next((each for each in record.slots if (each.place, each.slot) == (0, 0)), None)
    return (np.zeros(0), 1.0) if first is None else (first.probabilities[:-1], float(first.probabilities[-1]))


def _declared_otherwise(baseline: ActivePolicy, candidate: ActivePolicy) -> set[str]:
    was, now = _values(baseline.compiled.rule_set), _values(candidate.compiled.rule_set)
    return {action for action in was.keys() & now.keys() if was[action] != now[action]}


def _values(rule_set: RuleSetPart) -> dict[str, str]:
    """By action, the expression of what a success is worth; empty where none is declared."""
    scopes = {(scope.level, scope.scope_id): scope for scope in rule_set.scopes}

    def value(scope: ScopePart | None) -> str:
        if scope is None:
            return ""
        own = next((number.expression for number in scope.numbers if number.name == BUSINESS_VALUE), None)
        above = scopes.get((_LEVEL_ABOVE.get(scope.level, ""), scope.parent_id))
        return value(above) if own is None else "".join(own.split())

    return {scope.scope_id: value(scope) for scope in rule_set.scopes if scope.level == "ACTION"}


def _listed(actions: set[str]) -> str:
    names = sorted(actions)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}"
