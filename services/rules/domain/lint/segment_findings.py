"""Segments that nobody is in, and segments that everybody is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from services.rules.domain.condition import Membership
from services.rules.domain.lint.claims import Question, is_true
from services.rules.domain.lint.prover import Prover
from services.rules.domain.lint.single_rules import is_always, is_never, why_never
from services.rules.domain.lint.words import words
from services.rules.domain.rule_set import Finding, Segment
from services.rules.domain.written import OnUnknown
from shared.cel.problems import Severity


def segment_findings(
    prover: Prover, segments: Iterable[Segment], memberships: Mapping[str, Membership]
) -> Iterator[Finding]:
    for segment in segments:
        membership = memberships[segment.segment_id]
        found = _dead(prover, membership) or _universal(prover, membership)
        if found is not None:
            code, message = found
            yield Finding(segment.position, code, message, Severity.WARNING)


def _dead(prover: Prover, membership: Membership) -> tuple[str, str] | None:
    if not is_never(prover, membership.condition):
        return None
    why = why_never(prover, membership.condition)
    if why is None:
        return None
    who = "nobody of whom all is known" if membership.on_unknown is OnUnknown.PASS else "nobody"
    return "DEAD_SEGMENT", f"{who} is in segment '{membership.segment_id}': {why}"


def _universal(prover: Prover, membership: Membership) -> tuple[str, str] | None:
    condition = membership.condition
    if not is_always(prover, condition, membership.on_unknown):
        return None
    profile = prover.witness(Question((is_true(condition),), all_known=True))
    if profile is None:
        return None
    message = (
        f"everybody of whom all is known is in segment '{membership.segment_id}': "
        f"{words(condition)} is true of any, such as {profile.text}"
    )
    return "UNIVERSAL_SEGMENT", message
