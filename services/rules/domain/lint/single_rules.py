"""Rules that say the same of everybody: satisfied by nobody, or by all of whom everything is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.rules.domain.condition import AllOf, Condition, Not
from services.rules.domain.lint.claims import Claim, Impossible, Profile, Question, is_not_true, is_true
from services.rules.domain.lint.prover import Prover
from services.rules.domain.lint.rule_book import RuleBook, Stand
from services.rules.domain.lint.words import joined, words
from services.rules.domain.rule_set import Finding
from services.rules.domain.written import OnUnknown
from shared.cel.problems import Severity


class SingleRules:
    """`hopeless` and `idle` gather the rules found, by Stand.key: those that drop everybody, those that drop nobody."""

    def __init__(self, prover: Prover) -> None:
        self._prover = prover
        self.hopeless: set[int] = set()
        self.idle: set[int] = set()

    def findings(self, book: RuleBook) -> Iterator[Finding]:
        for key, variants in book.variants.items():
            stand = variants[0]
            if all(is_never(self._prover, each.condition) for each in variants):
                (self.idle if stand.is_suppression else self.hopeless).add(key)
                finding = self._contradiction(variants)
            elif not stand.reads_constants and is_always(self._prover, stand.condition, stand.rule.on_unknown):
                (self.hopeless if stand.is_suppression else self.idle).add(key)
                finding = self._tautology(stand)
            else:
                continue
            if finding is not None:
                yield finding

    def _contradiction(self, variants: Sequence[Stand]) -> Finding | None:
        stand = variants[0]
        why = why_never(self._prover, stand.condition)
        if why is None:
            return None
        # Those for whom it is unknown may fare otherwise.
        if stand.is_suppression:
            drops = any(self._is_possible(each.drops) for each in variants)
            effect = "it drops only those for whom it is unknown" if drops else "it never drops anybody"
        else:
            passes = any(self._is_possible(each.passes) for each in variants)
            effect = "it drops everybody but those for whom it is unknown" if passes else "it drops everybody"
        return _warning(stand, "CONTRADICTION", f"no subject satisfies rule '{stand.rule.rule_id}', so {effect}: {why}")

    def _tautology(self, stand: Stand) -> Finding | None:
        profile = self._prover.witness(Question((is_true(stand.condition),), all_known=True))
        if profile is None:
            return None
        others = self._is_possible(stand.passes if stand.is_suppression else stand.drops)
        rest = " but some of whom something is unknown" if others else ""
        effect = f"it drops {'everybody' if stand.is_suppression else 'nobody'}{rest}"
        message = (
            f"every subject of whom all is known satisfies rule '{stand.rule.rule_id}', so {effect}: "
            f"{words(stand.condition)} is true of any, such as {profile.text}"
        )
        return _warning(stand, "TAUTOLOGY", message)

    def _is_possible(self, claim: Claim) -> bool:
        """As far as is known, of anybody: what is unknown of a subject counts."""
        return not isinstance(self._prover.ask(Question((claim,))), Impossible)


def is_never(prover: Prover, condition: Condition) -> bool:
    """Whether nobody satisfies it, not even by what is unknown of them."""
    return isinstance(prover.ask(Question((is_true(condition),))), Impossible)


def is_always(prover: Prover, condition: Condition, on_unknown: OnUnknown) -> bool:
    """Whether everybody satisfies it of whom all is known.

    A rule under FAIL may list all values that are allowed: it asks whether there is one at all.
    """
    claim = is_not_true(condition)
    if not isinstance(prover.ask(Question((claim,), all_known=True)), Impossible):
        return False
    if on_unknown is not OnUnknown.FAIL:
        return True
    return isinstance(prover.ask(Question((claim,), all_known=True, within_allowed=False)), Impossible)


def why_never(prover: Prover, condition: Condition) -> str | None:
    """What in it excludes what, and a profile that shows it; None where no profile could be found."""
    parts = list(dict.fromkeys(_conjuncts(condition)))
    answer = prover.ask(Question(tuple(is_true(part) for part in parts)))
    core = [parts[place] for place in answer.core] if isinstance(answer, Impossible) else [condition]
    profile = _all_but_last([is_true(part) for part in core], prover)
    if profile is None:
        return None
    if len(core) == 1:
        return f"{words(core[0])} is true of nobody, for instance not of {profile.text}"
    most, last = core[:-1], core[-1]
    verb = "is" if len(most) == 1 else "are"
    excluded = f"{joined(map(words, core))} exclude one another"
    return f"{excluded}; of {profile.text} {joined(map(words, most))} {verb} true, and {words(last)} is not"


def _all_but_last(claims: Sequence[Claim], prover: Prover) -> Profile | None:
    question = Question((*claims[:-1], claims[-1].denied))
    known = Question(question.claims, all_known=True)
    return prover.witness(known) or prover.witness(question)


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    match condition:
        case AllOf(operands=operands):
            for each in operands:
                yield from _conjuncts(each)
        case Not(operand=Not(operand=operand)):
            yield from _conjuncts(operand)
        case _:
            yield condition


def _warning(stand: Stand, code: str, message: str) -> Finding:
    return Finding(stand.rule.position, code, message, Severity.WARNING)
