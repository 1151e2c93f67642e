"""Triggers that never fire, because no subject and no event satisfies a condition of theirs; and thresholds of theirs
that are out of range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from services.rules.domain.condition import Condition, Membership
from services.rules.domain.constants import Source
from services.rules.domain.expression_check import Purpose
from services.rules.domain.lint.formulas import Declarations
from services.rules.domain.lint.prover import Prover
from services.rules.domain.lint.range_findings import ranges_of
from services.rules.domain.lint.single_rules import is_never, why_never
from services.rules.domain.normalise import normalise
from services.rules.domain.rule_set import AttributeDeclaration, Finding, RuleSet
from services.rules.domain.triggers.declaration import Pattern, Trigger
from services.rules.domain.triggers.vocabulary import EVENT_PREFIX, EventTypes, Vocabulary, event_types
from services.rules.domain.written import OnUnknown, SourcePosition
from shared.cel.problems import Severity
from shared.values import Value

ProverOf = Callable[[Declarations], Prover]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One expression of a trigger. `what` it is, and what comes of it that nobody satisfies it; "": nothing."""

    text: str
    types: EventTypes
    default: Value
    position: SourcePosition
    what: str
    effect: str


def trigger_findings(
    rule_set: RuleSet, declarations: Declarations, segments: Mapping[str, Membership], prover_of: ProverOf
) -> Iterator[Finding]:
    """`prover_of` makes a prover for the attributes of the subject and the properties of an event together."""
    vocabulary = Vocabulary(rule_set)
    provers: dict[EventTypes, Prover] = {}
    for trigger in rule_set.triggers:
        for asked in _asked(trigger):
            known = {**declarations, **_properties(vocabulary, asked.types)}
            source = Source(vocabulary.checked(asked.text, Purpose.CONDITION, asked.types), {}, asked.default)
            yield from ranges_of(source, known, asked.position)
            if asked.effect:
                if asked.types not in provers:
                    provers[asked.types] = prover_of(known)
                why = _why_dead(provers[asked.types], normalise(source, segments))
                if why is not None:
                    message = (
                        f"nothing satisfies {asked.what} of trigger '{trigger.trigger_id}', so {asked.effect}: {why}"
                    )
                    yield Finding(asked.position, "DEAD_TRIGGER", message, Severity.WARNING)


def _why_dead(prover: Prover, condition: Condition) -> str | None:
    return why_never(prover, condition) if is_never(prover, condition) else None


def _asked(trigger: Trigger) -> Iterator[_Asked]:
    if trigger.condition:
        types, default = event_types(trigger), trigger.default_value
        effect = "it never fires" if trigger.on_unknown is not OnUnknown.PASS else ""
        yield _Asked(trigger.condition, types, default, trigger.position, "the condition", effect)
    if not isinstance(trigger.when, Pattern):
        return
    absent = trigger.when.absent
    for match in trigger.when.matches:
        if match.where:
            what, effect = f"what is asked of a {match.event_type}", "no such event counts"
            yield _Asked(match.where, (match.event_type,), None, match.position, what, effect)
    if absent is not None and absent.where:
        what = f"what is asked of the {absent.event_type} that must not come"
        yield _Asked(absent.where, (absent.event_type,), None, absent.position, what, "none ever calls it off")


def _properties(vocabulary: Vocabulary, types: EventTypes) -> Declarations:
    kinds = vocabulary.property_types(types)
    return {f"{EVENT_PREFIX}{name}": AttributeDeclaration(f"{EVENT_PREFIX}{name}", kinds[name]) for name in kinds}
