"""Actions and treatments that nobody can get: their rules, inherited ones included, exclude one another."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from services.rules.domain.lint.claims import Impossible, Question
from services.rules.domain.lint.prover import Prover
from services.rules.domain.lint.rule_book import Owner, RuleBook, Stand, Stands
from services.rules.domain.lint.words import joined, words
from services.rules.domain.rule_set import Finding, ScopeLevel
from shared.cel.problems import Severity

_MAX_NAMES = 3


@dataclass(slots=True)
class _Conflict:
    """Rules that exclude one another. `only_unknown`: somebody of whom something is unknown gets past them."""

    stands: Stands
    only_unknown: bool
    owners: list[Owner] = field(default_factory=list)


class Reachability:
    """`unreached` gathers the names of actions and treatments found."""

    def __init__(self, prover: Prover, hopeless: Collection[int]) -> None:
        self._prover = prover
        self._hopeless = hopeless
        self.unreached: set[tuple[str, bool]] = set()

    def findings(self, book: RuleBook) -> Iterator[Finding]:
        conflicts: dict[tuple[object, ...], _Conflict] = {}
        for owner in book.owners():
            found = self._conflict(owner)
            if found is not None:
                self.unreached.add((owner.name, owner.is_treatment))
                if all(stand.key not in self._hopeless for stand in found.stands) and not _is_of_action(owner, found):
                    key = tuple(stand.condition for stand in found.stands)
                    conflicts.setdefault((*key, owner.is_treatment), found).owners.append(owner)
        for conflict in conflicts.values():
            finding = self._finding(conflict)
            if finding is not None:
                yield finding

    def _conflict(self, owner: Owner) -> _Conflict | None:
        question = Question(tuple(stand.passes for stand in owner.stands), all_known=True)
        known = self._prover.ask(question)
        if not isinstance(known, Impossible):
            return None
        anybody = self._prover.ask(Question(question.claims))
        if isinstance(anybody, Impossible):
            return _Conflict(tuple(owner.stands[place] for place in anybody.core), only_unknown=False)
        # One rule alone may ask for what is unknown; two that agree on nobody known hardly mean to.
        if len(known.core) < 2 or anybody is None:
            return None
        return _Conflict(tuple(owner.stands[place] for place in known.core), only_unknown=True)

    def _finding(self, conflict: _Conflict) -> Finding | None:
        *most, last = conflict.stands
        claims = (*(stand.passes for stand in most), last.drops)
        profile = self._prover.witness(Question(claims, all_known=True)) or self._prover.witness(Question(claims))
        if profile is None:
            return None
        is_treatment = conflict.owners[0].is_treatment
        kind, code = ("treatment", "UNREACHABLE_TREATMENT") if is_treatment else ("action", "UNREACHABLE_ACTION")
        who = "nobody of whom all is known gets" if conflict.only_unknown else "nobody gets"
        rules = joined(_rule(stand) for stand in conflict.stands)
        if most:
            why = f"{rules} let nobody through together; {profile.text} falls by '{last.rule.rule_id}' alone of them"
        else:
            why = f"{rules} drops everybody, for instance {profile.text}"
        message = f"{who} {kind} {_names(conflict.owners)}: {why}"
        return Finding(last.rule.position, code, message, Severity.WARNING)


def _is_of_action(owner: Owner, conflict: _Conflict) -> bool:
    """Whether it is the action of the treatment that nobody gets."""
    return owner.is_treatment and all(stand.level < ScopeLevel.TREATMENT for stand in conflict.stands)


def _rule(stand: Stand) -> str:
    where = f" at {stand.rule.position.text}" if stand.rule.position.line else ""
    prefix = "not " if stand.is_suppression else ""
    return f"'{stand.rule.rule_id}' ({prefix}{words(stand.condition)}){where}"


def _names(owners: list[Owner]) -> str:
    names = ", ".join(f"'{owner.name}'" for owner in owners[:_MAX_NAMES])
    return f"{names} and {len(owners) - _MAX_NAMES} more" if len(owners) > _MAX_NAMES else names
