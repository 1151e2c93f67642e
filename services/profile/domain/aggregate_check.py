"""Whether what a trait schema says of aggregates and relations makes sense."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.profile.domain.aggregates.conditions import problems_of
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.aggregates.samples import MAX_TEXT_BYTES
from services.profile.domain.aggregates.top_k import MAX_K
from services.profile.domain.faults import Faults, name_faults, period_faults
from services.profile.domain.limits import is_name
from services.profile.domain.relations import MAX_PAIRS, RelationDeclaration
from services.profile.domain.schema import AggregateDeclaration, TraitSchema

MAX_PROPERTY_LENGTH = 128
MAX_CONDITION_LENGTH = 2_000
MAX_PROPERTIES = 64
MAX_RELATIONS = 20

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def aggregate_faults(schema: TraitSchema) -> Faults:
    relations = {relation.name for relation in schema.relations}
    for index, aggregate in enumerate(schema.aggregates):
        for field, text in (*_formula_faults(aggregate.formula), *_relation_use_faults(aggregate, relations)):
            yield f"aggregates[{index}].{field}", text


def relation_faults(relations: Sequence[RelationDeclaration]) -> Faults:
    if len(relations) > MAX_RELATIONS:
        yield "relations", f"must be at most {MAX_RELATIONS}"
    yield from name_faults([(f"relations[{i}].name", each.name) for i, each in enumerate(relations)], "relations")
    for index, relation in enumerate(relations):
        if len(relation.pairs) > MAX_PAIRS:
            yield f"relations[{index}].pairs", f"must be at most {MAX_PAIRS}"
        for place, pair in enumerate(relation.pairs):
            for name, text in zip(("item", "implied"), pair, strict=True):
                if not text or not text.isprintable() or len(text.encode()) > MAX_TEXT_BYTES:
                    message = f"must have 1 to {MAX_TEXT_BYTES} bytes of printable characters"
                    yield f"relations[{index}].pairs[{place}].{name}", message


def _formula_faults(formula: Formula) -> Faults:
    measure = formula.measure
    if not is_name(formula.event):
        yield "event", f"{formula.event!r} must match [a-z][a-z0-9_]*, at most 64 characters"
    yield from _need_faults("property", bool(formula.property_name), measure.needs_property, measure)
    yield from _need_faults("half_life", bool(formula.half_life_ms), measure is Measure.DECAYED_RATE, measure)
    yield from _need_faults("condition", bool(formula.condition), measure is Measure.SHARE, measure)
    yield from _need_faults("k", formula.k != 0, measure is Measure.TOP_K, measure)
    if measure.needs_type and formula.type is None:
        yield "type", f"is needed by {measure.name}"
    if formula.k and not 1 <= formula.k <= MAX_K:
        yield "k", f"must be between 1 and {MAX_K}"
    if len(formula.property_name) > MAX_PROPERTY_LENGTH or not formula.property_name.isprintable():
        yield "property", f"must have at most {MAX_PROPERTY_LENGTH} printable characters"
    yield from period_faults("half_life", formula.half_life_ms)
    yield from _window_faults(formula)
    yield from _returned_faults(formula)
    yield from _condition_faults(formula)


def _window_faults(formula: Formula) -> Faults:
    measure = formula.measure
    yield from period_faults("window", formula.window_ms)
    if formula.window_ms and formula.calendar is not None:
        yield "calendar", "must not be set together with window"
    if formula.is_previous and formula.calendar is None:
        yield "previous", "is used with calendar only"
    if formula.calendar is not None and not measure.has_calendar:
        yield "calendar", f"is not used by {measure.name}"
    if formula.window_ms and not measure.has_windows:
        yield "window", f"is not used by {measure.name}"


def _returned_faults(formula: Formula) -> Faults:
    if not formula.returned:
        return
    if formula.measure is not Measure.OWNED:
        yield "returned_event", f"is not used by {formula.measure.name}"
    if not is_name(formula.returned):
        yield "returned_event", f"{formula.returned!r} must match [a-z][a-z0-9_]*, at most 64 characters"
    elif formula.returned == formula.event:
        yield "returned_event", "must differ from event"


def _condition_faults(formula: Formula) -> Faults:
    types = dict(formula.properties)
    if len(types) > MAX_PROPERTIES:
        yield "properties", f"must be at most {MAX_PROPERTIES}"
    for name in types:
        if not _IDENTIFIER.fullmatch(name):
            yield f'properties["{name[:80]}"]', "must match [A-Za-z_][A-Za-z0-9_]*, at most 64 characters"
            return
    for field, text in (("filter", formula.filter), ("condition", formula.condition)):
        if len(text) > MAX_CONDITION_LENGTH:
            yield field, f"must have at most {MAX_CONDITION_LENGTH} characters"
        elif text:
            for problem in problems_of(text, types):
                yield field, f"{problem.line}:{problem.column}: {problem.message}"


def _relation_use_faults(aggregate: AggregateDeclaration, relations: set[str]) -> Faults:
    if not aggregate.relation:
        return
    if aggregate.formula.measure is not Measure.OWNED:
        yield "relation", f"is not used by {aggregate.formula.measure.name}"
    if aggregate.relation not in relations:
        yield "relation", f"{aggregate.relation[:80]!r} is no declared relation"


def _need_faults(field: str, is_set: bool, is_needed: bool, measure: Measure) -> Faults:
    if is_needed and not is_set:
        yield field, f"is needed by {measure.name}"
    if is_set and not is_needed:
        yield field, f"is not used by {measure.name}"
