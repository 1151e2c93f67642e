"""Decision records and outcomes for tests of the stores."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decision_record import (
    CandidateColumns,
    DecisionRecord,
    ScoreColumns,
    ShadowColumn,
    SlotVector,
)
from services.orchestrator.app.outcome_store import CapturedOutcome, Money, OutcomeItem, Presentation, RewardLesson
from services.orchestrator.app.ports import SubjectEvent
from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind
from services.orchestrator.domain.arbitration.explore import Explored
from services.orchestrator.domain.arbitration.silence import Withheld
from services.orchestrator.domain.arbitration.slots import Sticky
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.decision import (
    Answer,
    Dropped,
    Fallback,
    NoAction,
    PlacementAnswer,
    Proposition,
    Timing,
    Versions,
)
from services.orchestrator.domain.explanation import AttributeChange, FailedTest, SmallestChange
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import Effect, Outcome
from services.orchestrator.domain.places import Accepts, PlacementRequest, PlaceRequest
from services.orchestrator.domain.refusals import EVERY_LIMITED, Refusal
from services.orchestrator.domain.sticky import StickyProposition
from services.orchestrator.domain.subject import ConsentStatement, Identity
from shared.values import NOT_FOUND, NULL, Feature, FeatureStatus, present

MOMENT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
ADA = Identity("email", "ada@example.org", primary=True)

FEATURES = {
    "age": present(42),
    "spend": present(12.5),
    "name": present("Ada"),
    "is_member": present(True),
    "last_purchase": Feature(MOMENT, FeatureStatus.STALE),
    "brands": present(("Aska", "Brisa")),
    "no_brands": present(()),
    "nothing": NULL,
    "unseen": NOT_FOUND,
}
"""One of every kind of value and status."""


EXPLAINED = Dropped(
    "thorough",
    "",
    4,
    "careful",
    "r_1",
    "brands",
    ("Aska",),
    FeatureStatus.PRESENT,
    'contains "Brisa"',
    "thorough_web",
    (
        FailedTest("brands", ("Aska",), FeatureStatus.PRESENT, 'contains "Brisa"'),
        FailedTest("age", None, FeatureStatus.NOT_FOUND, ">= 18"),
    ),
    SmallestChange(
        (
            AttributeChange("brands", ("Aska",), FeatureStatus.PRESENT, ("Aska", "Brisa")),
            AttributeChange("age", None, FeatureStatus.NOT_FOUND, 18),
            AttributeChange("seen", MOMENT, FeatureStatus.STALE, None),
        ),
        smaller_not_ruled_out=True,
    ),
)
"""With everything that explains a drop."""


def proposition(action: str = "welcome") -> Proposition:
    return Proposition(
        proposition_id="d_1.0.0",
        channel="WEB",
        issue="grow",
        group="hello",
        action=action,
        treatment=f"{action}_web",
        locale="fr",
        content={"title": "Bonjour"},
        content_version="v_1",
        message_class="MARKETING",
        rank=1,
        priority=1.25,
        propensity=0.1,
        context_weight=1.0,
        business_value=12.5,
        lever=1.0,
        cost=0.0,
        choice_probability=0.75,
        uncertainty=0.02,
        evidence=17.0,
        tracking_token="d_1.0.0.x",
        consent_ref="",
        expire_time_ms=1_900_000_000_000,
        reservation_id="p_1.r_1",
    )


def answer(decision_id: str = "d_1", request_id: str = "r_1") -> Answer:
    return Answer(
        decision_id=decision_id,
        request_id=request_id,
        profile_id="p_1",
        placements=(
            PlacementAnswer("home", (proposition(),)),
            PlacementAnswer("side", fallback=Fallback("story", "WEB", {"title": "x"}, "en", NoActionReason.EXHAUSTED)),
            PlacementAnswer("foot", no_action=NoAction(NoActionReason.BELOW_RESERVE, 0.25, 1.0)),
        ),
        versions=Versions("pol_1", "r_1", "m@3", "c_1"),
        decision_time_ms=1_800_000_000_000,
        feature_statuses={name: feature.status for name, feature in FEATURES.items()},
        dropped_by_stage={2: 3, 9: 1},
        dropped=(
            Dropped("vip", "", 2, "adult", "r_1", "age", 17, FeatureStatus.PRESENT, ">= 18"),
            Dropped("late", "", 2, "valid_until", "pol_1", "now()", MOMENT, FeatureStatus.PRESENT, "< 2026"),
            Dropped("plain", "WEB", 6, "treatment", "pol_1"),
            EXPLAINED,
            Dropped("close", "WEB", 9, "priority", "pol_1", "priority", 1.0, FeatureStatus.PRESENT, "", margin=0.25),
        ),
        advisories=("IDENTITY_CONFLICT",),
        consistency_token="17",
        timing=Timing(1, 2, 3, 4, 10, 5),
    )


def record(decision_id: str = "d_1", request_id: str = "r_1", *, profile_id: str = "p_1") -> DecisionRecord:
    event = SubjectEvent("e_1", (ADA,), "page_view", None, {"page": "terms", "seconds": 2.5, "tags": ("a", "b")})
    command = DecideCommand(
        request_id=request_id,
        identities=(ADA,),
        places=PlaceRequest(
            Direction.INBOUND, ("WEB",), (PlacementRequest("home", 2, Accepts(("text",), 40)), PlacementRequest("side"))
        ),
        events=(event,),
        context={"weather": "rain", "at": MOMENT, "none": None},
        across_placements=False,
    )
    return DecisionRecord(
        decision_id=decision_id,
        request_id=request_id,
        body_hash=command.body_hash,
        profile_id=profile_id,
        decision_time_ms=1_800_000_000_000,
        record_time_ms=1_800_000_000_007,
        policy_version="pol_1",
        feature_set_version="f_1",
        command=command,
        features=FEATURES,
        consents=(ConsentStatement(ADA, "MARKETING", "EMAIL", "GRANTED", "CONSENT", 5, None),),
        fails_closed=False,
        candidates=CandidateColumns(
            np.array([0, 2, 2], dtype=np.int64),
            np.array([4, 7], dtype=np.int32),
            *(np.array([0.5, 0.25]) * (index + 1) for index in range(6)),
        ),
        slots=(
            SlotVector(0, 0, 1, np.array([0.25, 0.75, 0.0])),
            SlotVector(
                0, 1, -1, np.array([0.0, 0.0, 1.0]), 2, EXPLORED, Withheld(0.25, 0.5, 1), Sticky(1, "d_0", 0.25)
            ),
        ),
        answer=answer(decision_id, request_id),
        contact_counts=(ContactCount("mail_week", "", 1), ContactCount("each", "welcome", 2)),
        refusals=(Refusal(0, 1, 0, (ContactCount("mail_week", "", 2),)), Refusal(0, 1, EVERY_LIMITED)),
        objectives=(Objective("click", (Outcome.CLICKED,), 3_600_000, "f_1"), Objective("buy", (Outcome.CONVERTED,))),
        segments=("gold",),
        shadow=ShadowColumn("click-1@7", np.array([0.125, 0.5]), 1),
        is_apprentice=True,
        sticky=(StickyProposition("home", "welcome_web", "d_0", 0.25, 1_800_000_900_000),),
        sticky_until_ms=1_800_001_800_000,
        scores=ScoreColumns(np.array([0.02, 0.5]), np.array([17.0, 0.0])),
        known_advisories=("IDENTITY_CONFLICT",),
        consent_ms=1_800_000_000_001,
        ledger_failure="LEDGER_UNAVAILABLE",
    )


EXPLORED = Explored(Exploration(ExplorationKind.INVERSE_GAP_WEIGHTING, 500.0, 0.01), 0.01, floor_binds=True)

PRESENTATION = Presentation("f_1", "welcome", "WEB", "home", FEATURES)


def reward_key_of(decision_id: str, placement_id: str = "home") -> str:
    return f"{decision_id}/{placement_id}/welcome/WEB"


def captured(
    key: str,
    effect: Effect = Effect.SHOWN,
    *,
    decision_id: str = "d_1",
    reward_key: str = "",
    time_ms: int = 1_000,
    position: int = 0,
    amount: int | None = None,
) -> CapturedOutcome:
    outcome = {Effect.SUCCEEDED: Outcome.CLICKED, Effect.TAKEN_BACK: Outcome.RETURNED}.get(effect, Outcome.IMPRESSION)
    item = OutcomeItem(key, outcome, proposition_id="d_1.0.0", revenue=Money("EUR", 12, 500_000_000))
    key_of_reward = reward_key or reward_key_of(decision_id)
    lessons = () if effect is Effect.NOTHING else (RewardLesson(key_of_reward, effect, amount),)
    return CapturedOutcome(item, decision_id, key_of_reward, effect, time_ms, 5_000, position, lessons)


_ARRAYS = ("candidates", "slots", "shadow", "scores")


def same_record(left: DecisionRecord, right: DecisionRecord) -> bool:
    """Equal field by field; arrays by content and type."""
    names = [name for name in DecisionRecord.__slots__ if name not in _ARRAYS]
    return (
        all(getattr(left, name) == getattr(right, name) for name in names)
        and _plain_columns(left.candidates) == _plain_columns(right.candidates)
        and [_plain_slot(slot) for slot in left.slots] == [_plain_slot(slot) for slot in right.slots]
        and _plain_shadow(left.shadow) == _plain_shadow(right.shadow)
        and _plain_scores(left.scores) == _plain_scores(right.scores)
    )


def _plain_columns(columns: CandidateColumns) -> list[tuple[str, list[float]] | None]:
    arrays = [getattr(columns, name) for name in CandidateColumns.__slots__]
    return [None if array is None else (str(array.dtype), array.tolist()) for array in arrays]


def _plain_shadow(shadow: ShadowColumn | None) -> tuple[object, ...] | None:
    return None if shadow is None else (shadow.model_version, shadow.propensity.tolist(), shadow.other_winners)


def _plain_scores(scores: ScoreColumns | None) -> tuple[object, ...] | None:
    return None if scores is None else (scores.uncertainty.tolist(), scores.evidence.tolist(), scores.is_learnt)


def _plain_slot(slot: SlotVector) -> tuple[object, ...]:
    return (
        slot.place,
        slot.slot,
        slot.row,
        slot.probabilities.tolist(),
        slot.refusals,
        slot.explored,
        slot.withheld,
        slot.sticky,
    )
