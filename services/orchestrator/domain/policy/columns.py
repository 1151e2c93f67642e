"""The catalogue of a policy, from its declarations to columns (drawn in domain/catalogue.py)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind
from services.orchestrator.domain.arbitration.worth import Column
from services.orchestrator.domain.catalogue import (
    NO_ACTION,
    Action,
    Catalogue,
    Channel,
    Direction,
    PlacementSpec,
    Treatment,
)
from services.orchestrator.domain.contact_limits import SERVICE
from services.orchestrator.domain.policy.channels import PlacementDeclaration
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.parts import Lineage
from services.orchestrator.domain.policy.wording import TreatmentDeclaration
from services.orchestrator.domain.policy.words import Reference
from shared.ids import content_id


def catalogue(document: PolicyDocument, actions: tuple[Lineage, ...]) -> Catalogue:
    """Only for a document without errors: every reference leads somewhere."""
    declared_by = {group.level.name: group.exploration for group in document.groups}
    explorations = [declared_by[lineage.group] or document.written.exploration for lineage in actions]
    table = {each: index for index, each in enumerate(dict.fromkeys([document.written.exploration, *explorations]))}
    declared = [(index, treatment) for index, each in enumerate(actions) for treatment in each.action.treatments]
    options = tuple(_treatment(treatment, index) for index, treatment in declared)
    channel_index = {name: index for index, name in enumerate(document.channels)}
    built = Catalogue(
        version="",
        default_locale=document.written.settings.default_locale,
        actions=tuple(_action(lineage) for lineage in actions),
        action_index={lineage.action.level.name: index for index, lineage in enumerate(actions)},
        options=options,
        channels=document.channels,
        channel_names=tuple(document.channels),
        placements=_placements(document, options),
        lever=np.array([math.prod(level.lever for level in lineage.levels) for lineage in actions], np.float64),
        explores=np.array([_explores(*each) for each in zip(actions, explorations, strict=True)], np.bool_),
        explorations=tuple(table),
        exploration=np.array([table[each] for each in explorations], np.int32),
        valid_from_ms=np.array([lineage.action.valid_from_ms for lineage in actions], np.int64),
        valid_until_ms=np.array([lineage.action.valid_until_ms for lineage in actions], np.int64),
        paused=np.array([lineage.action.paused for lineage in actions], np.bool_),
        option_action=np.array([option.action for option in options], np.int32),
        option_channel=np.array([channel_index[option.channel] for option in options], np.int32),
        option_cost=np.array([treatment.cost for _, treatment in declared], np.float64),
        channel_budget=np.array([_budget(channel, document) for channel in document.channels.values()], np.float64),
    )
    return replace(built, version=_version(built))


def learnt_values(document: PolicyDocument, actions: tuple[Lineage, ...]) -> NDArray[np.bool_] | None:
    """bool[A]: the actions that are worth what was learnt of their successes. None where no action is."""
    usual = document.written.value is not None and document.written.value.is_learnt
    said = {group.level.name: group.value for group in document.groups}
    learnt = np.array([usual if (own := said[each.group]) is None else own.is_learnt for each in actions], np.bool_)
    return learnt if learnt.any() else None


def _explores(lineage: Lineage, exploration: Exploration) -> bool:
    return exploration.kind is not ExplorationKind.NONE and not _is_regulated(lineage)


def _is_regulated(lineage: Lineage) -> bool:
    return any(level.regulated for level in lineage.levels)


def regulated_actions(actions: tuple[Lineage, ...]) -> NDArray[np.bool_] | None:
    """bool[A]; None where nothing is regulated."""
    regulated = np.array([_is_regulated(lineage) for lineage in actions], np.bool_)
    return regulated if regulated.any() else None


def _budget(channel: Channel, document: PolicyDocument) -> float:
    if channel.direction is Direction.INBOUND:
        return 1.0
    return document.channel_budgets.get(channel.name, document.written.exploration_budget)


def option_silence(document: PolicyDocument, built: Catalogue) -> Column | None:
    """float64[O]: with which probability each option is withheld on purpose; None where none is. Service messages are
    never withheld."""
    by_channel = [
        document.channel_silences.get(each.name, document.written.silence.get(each.direction, 0.0))
        for each in document.channels.values()
    ]
    is_service = np.array([action.message_class == SERVICE for action in built.actions], np.bool_)
    silence = np.array(by_channel, np.float64)[built.option_channel]
    silence[is_service[built.option_action]] = 0.0
    return silence if silence.any() else None


def _action(lineage: Lineage) -> Action:
    return Action(lineage.action.level.name, lineage.group, lineage.issue, lineage.action.message_class)


def _treatment(declared: TreatmentDeclaration, action: int) -> Treatment:
    contents = {locale: {part: text.text for part, text in parts.items()} for locale, parts in declared.content.items()}
    return Treatment(
        declared.treatment_id, action, _channel(declared.channel), contents, content_id("content", contents)
    )


def _placements(document: PolicyDocument, options: tuple[Treatment, ...]) -> dict[str, PlacementSpec]:
    named = {treatment.treatment_id: treatment for treatment in options}
    named |= {fallback.treatment_id: _treatment(fallback, NO_ACTION) for fallback in document.fallbacks}
    return {placement.placement_id: _placement(placement, named) for placement in document.placements}


def _placement(declared: PlacementDeclaration, treatments: Mapping[str, Treatment]) -> PlacementSpec:
    fallback = treatments[declared.fallback.name] if declared.fallback is not None else None
    return PlacementSpec(declared.placement_id, _channel(declared.channel), fallback)


def _channel(reference: Reference | None) -> str:
    assert reference is not None, "a document without errors names every channel"
    return reference.name.upper()


def _version(built: Catalogue) -> str:
    """The hash of all that a decision reads here."""
    columns = {
        field.name: column.tolist()
        for field in fields(built)
        if isinstance(column := getattr(built, field.name), np.ndarray)
    }
    tables = (built.actions, built.options, built.explorations)
    names = [built.default_locale, *tables, dict(built.channels), dict(built.placements)]
    return content_id("catalogue", [names, columns])
