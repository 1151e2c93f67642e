"""What was asked, checked against the active policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.catalogue import Catalogue, Direction
from services.orchestrator.domain.contact_limits import LimitTable
from services.orchestrator.domain.decision import Explain, Mode
from services.orchestrator.domain.lineup import Indices
from services.orchestrator.domain.places import Place, places_of
from services.orchestrator.domain.policy_parts import AttributePart
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.domain.undeclared import undeclared
from shared.clock import LATEST_MS, MAX_CLOCK_SKEW_MS
from shared.errors import InvalidArgument
from shared.ids import content_id
from shared.values import NOT_FOUND, Feature, Value, conform, present

CONTEXT_PREFIX = "context."


@dataclass(frozen=True, slots=True, eq=False)
class Brief:
    """A command that makes sense under the policy."""

    decision_id: str
    command: DecideCommand
    policy: ActivePolicy
    places: tuple[Place, ...]
    excluded: Indices
    context: Mapping[str, Feature]
    """Every declared context attribute, as "context.<name>"."""
    now_ms: int
    """The moment decided for."""
    consent_ms: int
    """The moment whose consents count: except in SIMULATE never before the request came, whatever moment it decides
    for."""
    is_for_somebody: bool
    """It names a person."""
    override: Mapping[str, Feature]
    """What a simulation takes for read in place of what is known."""

    @property
    def acts_ms(self) -> int:
        """When what is answered goes out, or is shown. Whatever forbids that goes by this moment: consents, contact
        limits, contact gaps and what contacts cost later, quiet hours, the end of a season, what is left of budgets."""
        return self.consent_ms

    @property
    def is_of_the_past(self) -> bool:
        """It decides for a moment before that, and not for want of a better clock."""
        return self.acts_ms - self.now_ms > MAX_CLOCK_SKEW_MS

    @property
    def catalogue(self) -> Catalogue:
        return self.policy.catalogue

    @property
    def is_prefetch(self) -> bool:
        """What is answered is shown later, or never."""
        return self.command.mode is Mode.PREFETCH

    @property
    def wants_reasons(self) -> bool:
        return self.command.explain is not Explain.NONE

    @property
    def has_limits(self) -> bool:
        """Whether contact limits bind this decision: they are a person's."""
        return bool(self.policy.limits.limits) and self.is_for_somebody

    @property
    def limits(self) -> LimitTable:
        """Those of the decision's campaign among them."""
        return self.policy.compiled.campaign_limits.of(self.command.campaign_id)

    @property
    def contacts_ms(self) -> int:
        """For how long before this decision models look at past contacts; 0: none asks for them."""
        return self.policy.compiled.contacts_ms if self.is_for_somebody else 0

    @property
    def pressure(self) -> PressurePlan | None:
        """By which this decision weighs contacts: those of whom we reach out to."""
        is_outbound = self.command.places.direction is Direction.OUTBOUND
        return self.policy.compiled.pressure if is_outbound and self.is_for_somebody else None

    @property
    def read_contacts_ms(self) -> int:
        """For how long before this decision past contacts are looked at by anything; 0: not at all."""
        return max(self.contacts_ms, 0 if self.pressure is None else self.pressure.window_ms)


def decision_id_of(command: DecideCommand) -> str:
    """Of an executed decision: the same request, tried again, is the same decision. It makes the same draws and asks
    for the same reservations, so whatever a try that was cut short has reserved is found and used."""
    return content_id("d", (command.request_id, command.body_hash))


def brief_of(command: DecideCommand, policy: ActivePolicy, arrival_ms: int, decision_id: str) -> Brief:
    """Raises InvalidArgument for what the policy does not declare, or the mode does not allow."""
    now_ms = _moment(command, arrival_ms)
    _check_arm(command)
    return Brief(
        decision_id,
        command,
        policy,
        places_of(command.places, policy.catalogue),
        _excluded(command.excluded_actions, policy.catalogue),
        _context(command.context, policy.attributes),
        now_ms,
        now_ms if command.mode is Mode.SIMULATE else max(now_ms, arrival_ms),
        bool(command.identities),
        _override(command, policy.attributes),
    )


def check_reachable(command: DecideCommand) -> None:
    """Raises InvalidArgument where nobody is named to reach out to."""
    if command.places.direction is Direction.OUTBOUND and not command.identities:
        raise InvalidArgument.field(
            "subject.identities", "required to reach out to somebody", reason="REQUIRED_FIELD_MISSING"
        )


def _excluded(actions: tuple[str, ...], catalogue: Catalogue) -> Indices:
    for position, action in enumerate(actions):
        if action not in catalogue.action_index:
            raise undeclared("action", action, f"excluded_actions[{position}]")
    return np.array([catalogue.action_index[action] for action in actions], dtype=np.int32)


def _context(given: Mapping[str, Value], attributes: Mapping[str, AttributePart]) -> dict[str, Feature]:
    """Undeclared keys are kept in the record only: conditions cannot name them."""
    features = {name: NOT_FOUND for name in attributes if name.startswith(CONTEXT_PREFIX)}
    for key, value in given.items():
        attribute = attributes.get(CONTEXT_PREFIX + key)
        if attribute is not None:
            features[attribute.name] = present(_conformed(f'context["{key}"]', value, attribute))
    return features


def _override(command: DecideCommand, attributes: Mapping[str, AttributePart]) -> dict[str, Feature]:
    if command.profile_override and command.mode is not Mode.SIMULATE:
        raise InvalidArgument.field("profile_override", "only a SIMULATE decision may go by other values")
    features = {}
    for name, feature in command.profile_override.items():
        path = f'profile_override["{name}"]'
        if name not in attributes:
            raise InvalidArgument.field(path, f"the active policy declares no attribute {name!r}")
        features[name] = replace(feature, value=_conformed(path, feature.value, attributes[name]))
    return features


def _conformed(path: str, value: Value, attribute: AttributePart) -> Value:
    try:
        conformed = conform(value, attribute.type)
    except ValueError as problem:
        raise InvalidArgument.field(path, f"must be {problem}") from None
    # The allowed values of a list are those of its elements.
    held = () if conformed is None else conformed if isinstance(conformed, tuple) else (conformed,)
    if attribute.allowed and any(each not in attribute.allowed for each in held):
        raise InvalidArgument.field(path, "must be one of the values the policy allows")
    return conformed


def _check_arm(command: DecideCommand) -> None:
    if not command.forced_arm:
        return
    if command.mode is not Mode.SIMULATE:
        raise InvalidArgument.field("forced_arm", "only a SIMULATE decision may be made in another arm")
    if command.forced_arm not in Arm.__members__:
        raise InvalidArgument.field("forced_arm", f"must be one of {', '.join(Arm.__members__)}")


def _moment(command: DecideCommand, arrival_ms: int) -> int:
    if command.decision_time_ms is None:
        return arrival_ms
    if not 0 <= command.decision_time_ms <= LATEST_MS:
        raise InvalidArgument.field("decision_time", "must be from 1970 to 8999")
    if command.mode is not Mode.SIMULATE and command.decision_time_ms > arrival_ms + MAX_CLOCK_SKEW_MS:
        raise InvalidArgument.field("decision_time", "must not be more than five minutes ahead of the server")
    return command.decision_time_ms
