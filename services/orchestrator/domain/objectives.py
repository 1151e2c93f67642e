"""What is predicted of a presentation: each objective is a model of its own, with rewards of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.conversion_match import ConversionMatch
from services.orchestrator.domain.outcome import SUCCESSES, Effect, Outcome, effect_of
from services.orchestrator.domain.past_contacts import PAST_CONTACTS
from shared.values import Feature, present

SEGMENTS = "segments"
"""The feature that lists the segments somebody is in."""


@dataclass(frozen=True, slots=True)
class Objective:
    """Which outcomes of a presentation count as its success, and until when after the decision.

    The one without a name is that of a policy that declares none.
    """

    name: str = ""
    outcomes: tuple[Outcome, ...] = SUCCESSES
    window_ms: int | None = None
    """None: for ever."""
    feature_set_version: str = ""
    """Where the scoring service knows its features; empty before they are published."""
    currency: str = ""
    """Of the amounts that it learns; empty where it learns none."""
    conversions: ConversionMatch | None = None
    """Which conversions that name no presentation count as a success; None: none."""

    def reward_key(self, presentation: str) -> str:
        """Begins with the decision's id, as all that is erased with it does."""
        return f"{presentation}/{self.name}" if self.name else presentation

    def effect_of(self, outcome: Outcome, direction: Direction, *, is_machine: bool, age_ms: int) -> Effect:
        """What the outcome teaches, `age_ms` after the decision. After the window nothing is learnt any more."""
        if self.window_ms is not None and age_ms > self.window_ms:
            return Effect.NOTHING
        return effect_of(outcome, direction, is_machine=is_machine, successes=self.outcomes)


def model_features(
    features: Mapping[str, Feature], segments: tuple[str, ...] | None, contacts: Feature | None = None
) -> Mapping[str, Feature]:
    """What a model may look at; `segments` and past `contacts` are None where no model asks for them."""
    derived = {} if segments is None else {SEGMENTS: present(segments)}
    if contacts is not None:
        derived[PAST_CONTACTS] = contacts
    return {**features, **derived} if derived else features
