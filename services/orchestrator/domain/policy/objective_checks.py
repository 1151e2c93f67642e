"""Checks objectives against what they mention: features, attributes of actions, and by which one is decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.orchestrator.domain.objectives import SEGMENTS
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, suggestion
from services.orchestrator.domain.policy.objectives import (
    ACTION_PREFIX,
    CONTAINS,
    DIFFERENCE,
    RATIO,
    CrossDeclaration,
    ObjectiveDeclaration,
)
from services.orchestrator.domain.policy.parts import Lineage, constants, features_of
from services.orchestrator.domain.policy.values import Constant
from services.orchestrator.domain.policy.words import Reference
from shared.values import AttributeType

MAX_FEATURES = 256
MAX_CROSSES = 64
PLACES = frozenset({"action", "group", "issue", "channel", "placement"})
"""What a model knows of a candidate besides its attributes."""
_NUMBERS = frozenset({AttributeType.INT, AttributeType.DOUBLE})


def check_objectives(document: PolicyDocument, actions: tuple[Lineage, ...], findings: Findings) -> None:
    _check_arbitration(document, findings)
    if not document.objectives:
        return
    attributes = _attributes(actions)
    for declared in document.objectives:
        _Checker(document, declared, attributes, findings).check()


def _check_arbitration(document: PolicyDocument, findings: Findings) -> None:
    """Everything that competes is measured by one objective, so which one it is must be clear."""
    names = [declared.objective.name for declared in document.objectives]
    wanted = document.written.objective
    if wanted is not None and wanted.name not in names:
        message = f'no objective "{wanted.name}" is declared{suggestion(wanted.name, names)}'
        findings.error(wanted.place, "UNKNOWN_OBJECTIVE", message)
    elif document.objectives and not document.arbitrated:
        message = "several objectives are declared: arbitration.objective must say by which one is decided"
        findings.error(document.objectives[0].place, "MISSING_KEY", message)
    _check_values(document, findings)


def _check_values(document: PolicyDocument, findings: Findings) -> None:
    """What is to be learnt must be learnt by the objective by which is decided."""
    learns = any(each.prior_value for each in document.objectives if each.objective.name == document.arbitrated)
    written = (document.written.value, *(group.value for group in document.groups))
    for value in written:
        if value is not None and value.is_learnt and not learns:
            name = f'"{document.arbitrated}"' if document.arbitrated else "one"
            message = f"value: LEARNT needs an objective that learns amounts: declare {name} with a prior_value"
            findings.error(value.place, "MISSING_KEY", message)


def _attributes(actions: tuple[Lineage, ...]) -> Mapping[str, Collection[Constant]]:
    """What the attributes of actions hold, by name."""
    held: dict[str, list[Constant]] = {}
    for each in constants(actions):
        for name, value in each.items():
            held.setdefault(name, []).append(value)
    return held


class _Checker:
    def __init__(
        self,
        document: PolicyDocument,
        declared: ObjectiveDeclaration,
        attributes: Mapping[str, Collection[Constant]],
        findings: Findings,
    ) -> None:
        self._document = document
        self._declared = declared
        self._attributes = attributes
        self._findings = findings
        self._types = {feature.name: feature.type for feature in features_of(document, declared)}

    def check(self) -> None:
        self._check_selection()
        for cross in self._declared.crosses:
            self._check_cross(cross)
        if len(self._declared.crosses) > MAX_CROSSES:
            message = f"{len(self._declared.crosses)} crosses; the model takes {MAX_CROSSES}"
            self._findings.error(self._declared.crosses[MAX_CROSSES].place, "TOO_LARGE", message)
        self._check_conversions()
        crosses = {cross.name for cross in self._declared.crosses}
        numbers = {name for name, kind in self._types.items() if kind in _NUMBERS} | crosses
        numbers |= {ACTION_PREFIX + name for name in self._attributes if self._is_number(name)}
        self._check_known("number", self._declared.monotone, numbers)
        known = self._types.keys() | crosses | PLACES | {ACTION_PREFIX + name for name in self._attributes}
        for group in self._declared.interactions:
            self._check_known("feature", group, known)

    def _check_selection(self) -> None:
        features = {each.attribute.name for each in self._document.attributes if each.is_feature}
        self._check_known("feature", self._declared.excluded, features)
        if self._declared.reads_segments and SEGMENTS in features:
            message = f'the attribute "{SEGMENTS}" stands in the way of the feature of that name: call it otherwise'
            self._findings.error(self._declared.place, "CONTRADICTION", message)
        if len(self._types) > MAX_FEATURES:
            message = f"{len(self._types)} features; the model takes {MAX_FEATURES}: exclude others"
            self._findings.error(self._declared.place, "TOO_LARGE", message)

    def _check_conversions(self) -> None:
        conversions, objective = self._declared.conversions, self._declared.objective
        if conversions is None:
            return
        if objective.window_ms is None:
            message = "conversions: need a window: who buys something years later was not moved by it"
            self._findings.error(conversions.place, "MISSING_KEY", message)
        if Outcome.CONVERTED not in objective.outcomes:
            message = "conversions: count only where outcomes name converted"
            self._findings.error(conversions.place, "CONTRADICTION", message)
        if conversions.attribute is not None:
            self._check_known("attribute", [conversions.attribute], self._attributes)

    def _check_cross(self, cross: CrossDeclaration) -> None:
        if cross.name in self._types:
            self._findings.error(cross.place, "DUPLICATE_FEATURE", f'"{cross.name}" is a feature already')
        if cross.name in PLACES:
            message = f'"{cross.name}" is what the model calls a part of the action or its place'
            self._findings.error(cross.place, "DUPLICATE_FEATURE", message)
        if cross.is_of_contacts:
            return
        self._check_known("feature", [cross.feature], self._types)
        self._check_known("attribute", [cross.attribute], self._attributes)
        kind = self._types.get(cross.feature.name)
        if kind is not None and cross.kind == CONTAINS and not kind.is_list:
            self._wrong_type(cross.feature, f"is {kind.text}; contains needs a list")
        if cross.kind in (RATIO, DIFFERENCE):
            if kind is not None and kind not in _NUMBERS:
                self._wrong_type(cross.feature, f"is {kind.text}; {cross.kind.lower()} needs a number")
            if cross.attribute.name in self._attributes and not self._is_number(cross.attribute.name):
                self._wrong_type(cross.attribute, f"is no number; {cross.kind.lower()} needs one")

    def _is_number(self, attribute: str) -> bool:
        return all(type(value) in (int, float) for value in self._attributes[attribute])

    def _wrong_type(self, mentioned: Reference, problem: str) -> None:
        self._findings.error(mentioned.place, "WRONG_TYPE", f'"{mentioned.name}" {problem}')

    def _check_known(self, kind: str, mentioned: Collection[Reference], known: Collection[str]) -> None:
        for each in mentioned:
            if each.name not in known:
                message = f'{self._declared.objective.name}: no {kind} "{each.name}" is there to learn from'
                self._findings.error(
                    each.place, f"UNKNOWN_{kind.upper()}", f"{message}{suggestion(each.name, list(known))}"
                )
