"""Runs one case and compares: what was expected, what came, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from services.cli.policy_tests.cases import Case, Drop, Expected
from services.cli.policy_tests.firings import firing_problems
from services.cli.policy_tests.policy_under_test import PolicyUnderTest
from services.cli.policy_tests.problems import Problem
from services.cli.policy_tests.subject import CONTEXT
from services.cli.rendering.why_not import because
from services.orchestrator.domain.policy.findings import Refused, suggestion
from services.orchestrator.domain.policy_parts import Place
from services.rules.api.explanations import dropped_to
from services.rules.domain.evaluation import DroppedAction
from shared.values import Feature, Value

PASSES = "passes"


def problems_of(case: Case, policy: PolicyUnderTest) -> tuple[Problem, ...]:
    """What did not come as expected, of a case without `refusals_of`. Raises Refused where its persona is wrong."""
    subject = policy.subject()
    if case.persona and case.persona_place is not None:
        subject.is_like(policy.persona(case.persona, case.persona_place, case.at_ms), case.persona_place, case.at_ms)
    subject.is_told(case.facts, case.at_ms)
    subject.is_told(case.context, case.at_ms, CONTEXT)
    firings = policy.timeline(subject).run(case) if case.moments or case.expected.fired is not None else []
    end_ms = case.at_ms + case.until_ms
    answer = _Answer(policy, subject.features(end_ms), end_ms)
    return (*answer.problems(case.expected), *firing_problems(case, firings))


@dataclass(frozen=True, slots=True)
class _Answer:
    policy: PolicyUnderTest
    features: Mapping[str, Feature]
    at_ms: int

    def problems(self, expected: Expected) -> Iterator[Problem]:
        evaluation = self.policy.evaluate(self.features, self.at_ms)
        eligible = frozenset(evaluation.eligible_actions)
        wanted = dict(expected.eligible) | dict(expected.only or {})
        treatments = {self.policy.treatments[each] for each in expected.dropped_treatments}
        asked = frozenset((wanted.keys() - eligible) | expected.dropped.keys() | treatments)
        reasons = self._reasons(asked - (eligible - treatments)) if asked else {}
        for name, place in wanted.items():
            if name not in eligible:
                yield Problem(place, f"action {name}", PASSES, *self._fell(reasons[name, ""]))
        if expected.only is not None:
            for name in sorted(eligible - wanted.keys()):
                yield Problem(expected.place, f"action {name}", "falls", PASSES)
        for name, drop in expected.dropped.items():
            yield from self._compared(f"action {name}", drop, reasons.get((name, "")))
        for name, drop in expected.dropped_treatments.items():
            found = reasons.get((self.policy.treatments[name], name)) or reasons.get((self.policy.treatments[name], ""))
            yield from self._compared(f"treatment {name}", drop, found)
        yield from self._segment_problems(expected)

    def _reasons(self, actions: frozenset[str]) -> Mapping[tuple[str, str], DroppedAction]:
        """By action and treatment."""
        if not actions:
            return {}
        dropped = self.policy.reasons(self.features, self.at_ms, actions)
        return {(each.action, each.treatment): each for each in dropped}

    def _compared(self, subject: str, drop: Drop, found: DroppedAction | None) -> Iterator[Problem]:
        expected = _words(drop)
        if found is None:
            yield Problem(drop.place, subject, expected, PASSES)
        elif not _is_as(drop, found):
            yield Problem(drop.place, subject, expected, *self._fell(found))

    def _fell(self, dropped: DroppedAction) -> tuple[str, str]:
        why = because(dropped_to(dropped, ""))
        place = self.policy.rule_places.text(dropped)
        return f"falls at {dropped.stage.name}", f"{place}: {why}" if place else why

    def _segment_problems(self, expected: Expected) -> Iterator[Problem]:
        if not expected.segments and not expected.not_segments:
            return
        members = self.policy.segments_of(self.features, self.at_ms)
        for name, place in expected.segments.items():
            if name not in members:
                yield Problem(place, f"segment {name}", "in it", "not in it")
        for name, place in expected.not_segments.items():
            if name in members:
                yield Problem(place, f"segment {name}", "not in it", "in it")


def _words(drop: Drop) -> str:
    """`falls at SUITABILITY by has_their_size, usual_size NOT_FOUND`."""
    parts = [f"by {drop.rule}" if drop.rule else "", f"{drop.attribute} {drop.status}".strip()]
    details = " ".join(part for part in parts if part)
    change = "" if drop.change is None else f"; passes if {_changes_text(drop.change)}"
    return f"falls at {drop.stage} {details}".rstrip() + change


def _changes_text(changes: Mapping[str, Value]) -> str:
    return " and ".join(f"{name} were {value!r}" for name, value in changes.items()) or "nothing small changes"


def _is_as(drop: Drop, found: DroppedAction) -> bool:
    tests = found.failed or (found,)
    return (
        found.stage.name == drop.stage
        and drop.rule in ("", found.rule_id)
        and any(
            drop.attribute in ("", each.attribute)
            and drop.status in ("", each.status.name if each.status is not None else "")
            for each in tests
        )
        and (drop.change is None or drop.change == _changed(found))
    )


def _changed(found: DroppedAction) -> Mapping[str, Value]:
    change = found.smallest_change
    return {each.attribute: each.needed for each in change.changes} if change is not None else {}


def refusals_of(case: Case, policy: PolicyUnderTest) -> Iterator[Refused]:
    """Everything that the case says of what the policy does not have."""
    yield from _wrong_names(case.expected, policy)
    subject = policy.subject()
    yield from subject.wrong_facts(case.facts, case.at_ms)
    yield from subject.wrong_facts(case.context, case.at_ms, CONTEXT)
    for moment in case.moments:
        yield from subject.wrong_facts(moment.facts, case.at_ms + moment.after_ms)


def _wrong_names(expected: Expected, policy: PolicyUnderTest) -> Iterator[Refused]:
    drops = {name: drop.place for name, drop in expected.dropped.items()}
    treatments = {name: drop.place for name, drop in expected.dropped_treatments.items()}
    fired = {each.trigger: each.place for each in expected.fired or ()}
    yield from _unknown("action", {**expected.eligible, **(expected.only or {}), **drops}, policy.actions)
    yield from _unknown("treatment", treatments, policy.treatments)
    yield from _unknown("segment", {**expected.segments, **expected.not_segments}, policy.segments)
    yield from _unknown("trigger", fired, policy.triggers)


def _unknown(kind: str, named: Mapping[str, Place], declared: Collection[str]) -> Iterator[Refused]:
    for name, place in named.items():
        if name not in declared:
            message = f'the policy has no {kind} "{name}"{suggestion(name, declared)}'
            yield Refused(place, message, code=f"UNKNOWN_{kind.upper()}")
