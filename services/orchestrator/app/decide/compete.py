"""Which options compete for which place, in money. Pure: a recorded decision competes again the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.orchestrator.app.decide.arm import formula_of, reserve_of
from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.declared import declared_numbers
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.ports import PolicyVerdict
from services.orchestrator.domain.arbitration.slots import Sticky
from services.orchestrator.domain.arbitration.worth import MONEY, Formula
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.catalogue import Catalogue, Treatment
from services.orchestrator.domain.consent import Permission, Stance, contact_permission
from services.orchestrator.domain.contact_limits import Allowance
from services.orchestrator.domain.contact_pressure import held_back, pressed
from services.orchestrator.domain.content import negotiate_locale, render
from services.orchestrator.domain.holdout import held_out
from services.orchestrator.domain.lineup import Admission, Indices, Mask, line_up
from services.orchestrator.domain.places import Place
from services.orchestrator.domain.pricing import Contest, action_numbers, price
from services.orchestrator.domain.quiet_table import QuietMoment
from services.orchestrator.domain.similar import similar_options
from services.orchestrator.domain.sticky import still_candidates
from services.orchestrator.domain.text_limits import Charset, text_length
from services.orchestrator.domain.volume.standing import priced, within_volume
from shared.values import Feature


@dataclass(frozen=True, slots=True)
class Competition:
    contest: Contest
    permissions: Sequence[Permission]
    """By channel of the catalogue."""
    allowance: Allowance | None = None
    """What the contact limits leave; None where none binds."""
    sticky: Sequence[Sticky] = ()
    """What is served again."""
    quiet: QuietMoment | None = None
    """None where no hour can be quiet."""
    at_stake: Mask | None = None
    """bool[R]: which resources a candidate would use; None where none is declared."""
    formula: Formula = MONEY
    """Of priorities, in the arm of the person."""
    reserve: float = 0.0
    """What silence is worth, in the arm of the person."""
    gap_until_ms: int | None = None
    """When the contact gap ends that the person is in; None outside."""


def compete(brief: Brief, known: Known, verdict: PolicyVerdict) -> Competition:
    catalogue = brief.catalogue
    stance = _stance(brief, known)
    permissions = [contact_permission(catalogue.channels[name], stance) for name in catalogue.channel_names]
    permitted = np.array([permission.permitted for permission in permissions], dtype=np.bool_)
    similar = similar_options(catalogue, permissions)
    allowance = brief.limits.allowance(known.contact_counts) if brief.has_limits else None
    kept = _kept(catalogue, verdict)
    admission = Admission(
        verdict.eligible,
        permitted,
        brief.excluded,
        brief.now_ms,
        allowance,
        similar,
        kept,
        quiet=_quiet(brief, known),
        channel_ranks=_channel_ranks(brief, known),
        acts_ms=brief.acts_ms,
    )
    fits = [_fits(brief, place, known.features, verdict) for place in brief.places]
    numbers = action_numbers(verdict.eligible, verdict.numbers, declared_numbers(brief.policy.compiled))
    lineup = line_up(catalogue, brief.places, fits, admission)
    arm, settings = known.arm.arm, brief.policy.settings
    if arm is Arm.HOLDOUT:
        lineup = held_out(catalogue, lineup)
    standing, weights = known.pressure, brief.policy.compiled.pressure_weights
    if standing is not None and weights is not None and standing.gap.is_open:
        lineup = held_back(catalogue, lineup, weights)
    at_stake = None if known.volume is None else known.volume.at_stake(lineup.option)
    if known.volume is not None:
        again = [each.row for each in still_candidates(known.sticky, catalogue, brief.places, lineup)]
        lineup = within_volume(catalogue, lineup, known.volume, again)
    formula = formula_of(arm, settings.formula)
    contest = price(catalogue, lineup, numbers, formula)
    if known.volume is not None and formula.cost:
        contest = priced(contest, known.volume)
    if standing is not None and weights is not None and formula.cost:
        contest = pressed(contest, weights, standing.price)
    sticky = still_candidates(known.sticky, catalogue, brief.places, contest)
    reserve = reserve_of(arm, settings.reserve)
    gap_until_ms = None if standing is None else standing.gap.until_ms
    return Competition(
        contest, permissions, allowance, sticky, admission.quiet, at_stake, formula, reserve, gap_until_ms
    )


def _kept(catalogue: Catalogue, verdict: PolicyVerdict) -> Mask | None:
    """bool[O]: the options whose treatment no rule drops; None where no rule drops any."""
    if not verdict.dropped_treatments:
        return None
    dropped = frozenset(verdict.dropped_treatments)
    return np.array([each.treatment_id not in dropped for each in catalogue.options], dtype=np.bool_)


def _quiet(brief: Brief, known: Known) -> QuietMoment | None:
    table = brief.policy.contact.quiet
    return None if table is None or known.quiet is None else QuietMoment(table, known.quiet)


def _channel_ranks(brief: Brief, known: Known) -> Indices | None:
    priority = brief.policy.contact.priority
    if priority is None:
        return None
    return priority.ranks(known.features.get(priority.trait), brief.catalogue.channel_names)


def _stance(brief: Brief, known: Known) -> Stance:
    purposes = brief.policy.compiled.trait_schema.purposes
    confirmed = frozenset(purpose.name for purpose in purposes if purpose.double_opt_in)
    return Stance(known.view.consents, brief.consent_ms, known.view.is_known, confirmed)


def texts_of(
    catalogue: Catalogue, treatment: Treatment, features: Mapping[str, Feature], locale: str
) -> tuple[str, dict[str, str]]:
    """The locale and the parts of a treatment as this person would read them."""
    chosen = negotiate_locale(locale, list(treatment.contents), catalogue.default_locale)
    limits = catalogue.channels[treatment.channel].limits
    return chosen, render(treatment.contents.get(chosen, {}), features, chosen, limits)


def _fits(brief: Brief, place: Place, features: Mapping[str, Feature], verdict: PolicyVerdict) -> Mask:
    """bool[O]: whether every text of the option is short enough for the place. Only eligible actions are looked at."""
    catalogue = brief.catalogue
    fits = np.ones(len(catalogue.options), dtype=np.bool_)
    if not place.max_length:
        return fits
    seen = place.has_channel[catalogue.option_channel] & np.isin(catalogue.option_action, verdict.eligible)
    for option in np.flatnonzero(seen).tolist():
        _, texts = texts_of(catalogue, catalogue.options[option], features, brief.command.locale)
        fits[option] = all(text_length(text, Charset.UNICODE) <= place.max_length for text in texts.values())
    return fits
