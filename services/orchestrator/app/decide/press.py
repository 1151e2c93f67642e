"""How much marketing pressure a person is under, what one more contact would cost, and whether they are in a gap.

Like a model of the person it needs a basis for profiling; without one contacts have no price, there are no gaps, and
nothing is learnt from what comes of them. All of it is as of the moment of the contact, whatever moment is decided for.
"""

from __future__ import annotations

from dataclasses import replace

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.gather import Known, may_use_profile
from services.orchestrator.app.ports import SubjectView
from services.orchestrator.app.pressure.estimates import PressureEstimates
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.contact_pressure import PressureBasis, sent_contacts, touches_of
from services.orchestrator.domain.pressure.gaps import NO_GAP
from services.orchestrator.domain.pressure.price import pressure_standing


def weigh_pressure(brief: Brief, known: Known, estimates: PressureEstimates) -> Known:
    """Of a person who is known by now with their arm."""
    if brief.pressure is None or not may_weigh(brief, known.view):
        return known
    contacts = sent_contacts(known.view.contacts, brief.pressure, brief.acts_ms, brief.decision_id)
    return pressed_by(brief, known, PressureBasis(estimates.current(brief.policy), contacts))


def may_weigh(brief: Brief, view: SubjectView) -> bool:
    """Whether anything may be made of the person's contacts."""
    return bool(view.profile_id) and may_use_profile(brief, view)


def pressed_by(brief: Brief, known: Known, basis: PressureBasis) -> Known:
    """A gap holds for whom the policy decides: other arms are compared with it as they are."""
    plan = brief.pressure
    assert plan is not None, "only who is reached out to comes under pressure"
    touches = touches_of(basis.contacts, plan)
    standing = pressure_standing(plan, basis.estimate, known.view.profile_id, touches, brief.acts_ms)
    if known.arm.arm is not Arm.DECISIONING:
        standing = replace(standing, gap=NO_GAP)
    return replace(known, pressure=standing, pressure_basis=basis)
