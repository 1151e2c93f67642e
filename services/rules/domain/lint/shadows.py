"""Rules that can never drop anything, because others of the same scope or of those above drop it anyway."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from services.rules.domain.lint.claims import Impossible, Question
from services.rules.domain.lint.prover import Prover
from services.rules.domain.lint.rule_book import Owner, RuleBook, Stand, Stands
from services.rules.domain.lint.words import joined, words
from services.rules.domain.rule_set import Finding, ScopeLevel
from shared.cel.problems import Severity

_MAX_READERS = 64
"""A rule that more actions than that read differently is left alone."""


class Shadows:
    """`settled` are rules found to say the same of everybody, `unreached` actions that nobody gets anyway."""

    def __init__(self, prover: Prover, settled: Collection[int], unreached: Collection[tuple[str, bool]]) -> None:
        self._prover = prover
        self._settled = settled
        self._unreached = unreached

    def findings(self, book: RuleBook) -> Iterator[Finding]:
        readers = self._readers(book)
        removed: set[int] = set()
        # From the last rule of a scope to its first: of two that say the same, the first one stays.
        for key in sorted(readers, key=lambda each: -readers[each][0][0].place):
            cases = readers[key]
            if key in self._settled or len(cases) > _MAX_READERS:
                continue
            found = [self._shadowing(stand, others, removed) for stand, others in cases]
            if found and all(found):
                removed.add(key)
                finding = self._finding(cases[0][0], found[0])
                if finding is not None:
                    yield finding

    def _readers(self, book: RuleBook) -> dict[int, list[tuple[Stand, Stands]]]:
        """Per rule, the different company it has."""
        found: dict[int, dict[tuple[object, ...], tuple[Stand, Stands]]] = {}
        for owner in book.owners():
            if (owner.name, owner.is_treatment) in self._unreached:
                continue
            for stand in _own(owner):
                others = tuple(each for each in owner.stands if _may_shadow(each, stand))
                key = (stand.condition, *(each.condition for each in others))
                found.setdefault(stand.key, {}).setdefault(key, (stand, others))
        return {key: list(cases.values()) for key, cases in found.items()}

    def _shadowing(self, stand: Stand, others: Stands, removed: Collection[int]) -> Stands:
        """The rules that together drop whatever it drops; none where it drops somebody by itself."""
        left = tuple(each for each in others if each.key not in removed)
        answer = self._prover.ask(Question((stand.drops, *(each.passes for each in left))))
        if not isinstance(answer, Impossible) or 0 not in answer.core:
            return ()
        return tuple(left[place - 1] for place in answer.core if place)

    def _finding(self, stand: Stand, shadowing: Stands) -> Finding | None:
        claims = (stand.drops, *(each.drops for each in shadowing[:1]))
        profile = self._prover.witness(Question(claims, all_known=True)) or self._prover.witness(Question(claims))
        if profile is None:
            return None
        rules = joined(_rule(each) for each in shadowing)
        message = (
            f"rule '{stand.rule.rule_id}' never drops anybody whom {rules} would not drop anyway; "
            f"{profile.text} falls by both"
        )
        return Finding(stand.rule.position, "SHADOWED_RULE", message, Severity.WARNING)


def _own(owner: Owner) -> Stands:
    """Rules of actions are looked at where actions are."""
    return (
        tuple(stand for stand in owner.stands if stand.level >= ScopeLevel.TREATMENT)
        if owner.is_treatment
        else owner.stands
    )


def _may_shadow(other: Stand, stand: Stand) -> bool:
    """Of the same scope or of one above, and not of a later stage: that one would only drop what is left."""
    if other.key == stand.key or other.rule.stage > stand.rule.stage:
        return False
    if stand.level is ScopeLevel.CHANNEL:
        return other.level in (ScopeLevel.CHANNEL, ScopeLevel.POLICY)
    return other.level <= stand.level or other.level is ScopeLevel.CHANNEL


def _rule(stand: Stand) -> str:
    where = f" at {stand.rule.position.text}" if stand.rule.position.line else ""
    return f"'{stand.rule.rule_id}' ({words(stand.condition)}){where}"
