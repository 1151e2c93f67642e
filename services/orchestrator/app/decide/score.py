"""How likely each candidate is to succeed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import SCORING_SHARE, Budget
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.ports import ScoreQuestion, Scorer, Scores
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.lineup import Indices
from services.orchestrator.domain.objectives import model_features
from services.orchestrator.domain.pricing import Contest
from services.orchestrator.domain.trouble import Cause, Party, Trouble
from shared.errors import InvalidArgument, TandemError
from shared.values import Feature

SCORING_UNAVAILABLE = Party.SCORING.advisory
MAX_CANDIDATES = 60_000

_log = logging.getLogger("tandem.orchestrator.decide")


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """`trouble`: why nobody answered, and the scores are the prior's."""

    scores: Scores
    trouble: Trouble | None = None
    is_asked: bool = True
    """False in an arm that goes without a model: the scores are the prior's."""

    @property
    def is_learnt(self) -> bool:
        return self.trouble is None

    @property
    def may_explore(self) -> bool:
        """Exploring on a rate that is the same for all would be noise."""
        return self.is_learnt and self.is_asked and not self.scores.is_apprentice


async def score(
    brief: Brief, known: Known, segments: tuple[str, ...] | None, contest: Contest, scorer: Scorer, budget: Budget
) -> Scored:
    """One call for all candidates; without an answer each has the prior propensity, so value and lever rank them.
    `segments` None: no model looks at them."""
    if contest.size > MAX_CANDIDATES:
        raise InvalidArgument.field("placements", f"ask for {contest.size} candidates; at most {MAX_CANDIDATES}")
    if not contest.size:
        return Scored(_prior(brief, 0))
    if known.arm.arm is Arm.RULES_ONLY:
        return Scored(_prior(brief, contest.size), is_asked=False)
    try:
        features = model_features(known.features, segments, known.past_contacts)
        question = question_of(brief, features, contest.option, contest.place_of_row())
        scores = await scorer.score(question, deadline_ms=budget.share(SCORING_SHARE))
    except TandemError as failure:
        _log.warning("no scores", extra={"fields": {"cause": failure.message, "reason": failure.reason}})
        return Scored(_prior(brief, contest.size), Trouble.of(Party.SCORING, failure))
    if not _is_sound(scores, contest.size):
        _log.error("unusable scores", extra={"fields": {"model": scores.model_version}})
        return Scored(_prior(brief, contest.size), Trouble(Party.SCORING, Cause.FAULTY))
    return Scored(_with_sound_shadow(scores, contest.size))


def question_of(
    brief: Brief, features: Mapping[str, Feature], option: Indices, place_of_row: NDArray[np.intp]
) -> ScoreQuestion:
    """Of candidates, each an option for a place."""
    catalogue = brief.catalogue
    channels = np.array(catalogue.channel_names, dtype=object)[catalogue.option_channel[option]]
    placements = np.array([place.placement_id for place in brief.places], dtype=object)[place_of_row]
    return ScoreQuestion(
        brief.policy.versions.feature_set,
        features,
        catalogue.option_action[option],
        tuple(channels.tolist()),
        tuple(placements.tolist()),
        action_index=catalogue.action_index,
    )


def _prior(brief: Brief, size: int) -> Scores:
    propensity = brief.policy.compiled.feature_set.prior_propensity
    nothing = np.zeros(size)
    return Scores(
        "",
        np.full(size, propensity),
        nothing,
        nothing,
        np.full(size, np.log(propensity / (1.0 - propensity))),
        nothing,
    )


def _is_sound(scores: Scores, size: int) -> bool:
    columns = (
        scores.means,
        scores.uncertainties,
        scores.evidences,
        scores.log_odds_means,
        scores.log_odds_deviations,
    )
    amounts = () if scores.severity is None else (scores.severity.means, scores.severity.deviations)
    if not all(_is_column(column, size) for column in (*columns, *amounts)):
        return False
    never_negative = (scores.means, 1.0 - scores.means, scores.uncertainties, scores.log_odds_deviations)
    return all(bool((column >= 0.0).all()) for column in never_negative)


def _with_sound_shadow(scores: Scores, size: int) -> Scores:
    """A model that is only tried can spoil no decision."""
    if scores.shadow is None or _is_column(scores.shadow.means, size):
        return scores
    _log.error("unusable scores of a shadow", extra={"fields": {"model": scores.shadow.model_version}})
    return replace(scores, shadow=None)


def _is_column(column: NDArray[np.float64], size: int) -> bool:
    return column.shape == (size,) and bool(np.isfinite(column).all())
