"""When a person may be reached: the quiet hours where they live, at the moment of the contact."""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.ports import SubjectView
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.decision import SendSpan
from services.orchestrator.domain.quiet_hours import Region
from services.orchestrator.domain.quiet_table import QuietStanding
from shared.public_holidays import is_country, is_subdivision
from shared.time_zones import is_time_zone
from shared.values import Feature


def quiet_standing(brief: Brief, view: SubjectView) -> QuietStanding | None:
    """None where no hour can be quiet: the policy has none, or the person came to us."""
    quiet = brief.policy.contact.quiet
    if quiet is None or brief.command.places.direction is not Direction.OUTBOUND:
        return None
    # What a person is protected by needs no basis: these traits count also where the profile may not be used otherwise.
    features = {**view.features, **brief.override}
    region = _region(brief, features) if quiet.keeps_holidays else brief.policy.contact.residence.region
    return quiet.standing(_zone(brief, features), region, brief.acts_ms)


def send_span(brief: Brief, standing: QuietStanding | None, option: int) -> SendSpan | None:
    """When an option may go out; None where no quiet hour is about it, or it may not go out at all."""
    quiet = brief.policy.contact.quiet
    window = None if quiet is None or standing is None else quiet.window_of(standing, option)
    if window is None or window.earliest_ms is None or window.latest_ms is None:
        return None
    ends_ms = int(brief.catalogue.valid_until_ms[brief.catalogue.option_action[option]])
    return SendSpan(window.earliest_ms, min(window.latest_ms, ends_ms))


def _zone(brief: Brief, features: Mapping[str, Feature]) -> str:
    """What the trait says, a stale one too: nothing newer is known. Else the policy's; else nobody knows."""
    residence = brief.policy.contact.residence
    said = _text(features, residence.zone_trait)
    return said if is_time_zone(said) else residence.zone


def _region(brief: Brief, features: Mapping[str, Feature]) -> Region:
    residence = brief.policy.contact.residence
    said = _text(features, residence.country_trait).upper()
    country = said if said and is_country(said) else residence.region.country
    part = _text(features, residence.subdivision_trait).upper()
    if part and is_subdivision(country, part):
        return Region(country, part)
    return Region(country, residence.region.subdivision if country == residence.region.country else "")


def _text(features: Mapping[str, Feature], trait: str) -> str:
    feature = features.get(trait)
    return feature.value.strip() if feature is not None and isinstance(feature.value, str) else ""
