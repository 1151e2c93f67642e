"""What `tandem models` shows to people."""

from __future__ import annotations

import io

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, RenderableType
from tandem.scoring.v1 import model_health_pb2, model_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.cli.rendering.models import assignment_line, health_view, model_view, registry_view, role_text

TIME = Timestamp(seconds=1_700_000_000)
TRAINED = model_pb2.Model(
    model_id="success-0123456789ab",
    objective="success",
    role=model_pb2.MODEL_ROLE_CHAMPION,
    serves_as=model_pb2.MODEL_ROLE_CHAMPION,
    train_time=TIME,
    window_start_time=TIME,
    window_end_time=TIME,
    rows=123_456,
    positives=789,
    trees=200,
    bytes=4_321,
    features=["age", "action.brand"],
    metrics={"auc": 0.75, "log_loss": 0.2, "base_log_loss": 0.25, "extra": 1.0},
    lineage={"seed": "7"},
)
BEGINS = model_pb2.Model(
    model_id="bayes-01234567",
    objective="success",
    role=model_pb2.MODEL_ROLE_CHALLENGER,
    serves_as=model_pb2.MODEL_ROLE_CHALLENGER,
)
USED = model_pb2.Assignment(
    objective="success",
    revision=3,
    champion_model_id=TRAINED.model_id,
    challenger_model_id=BEGINS.model_id,
    change_time=TIME,
    reason="better",
)


def text_of(view: RenderableType, width: int = 100) -> str:
    text = io.StringIO()
    Console(file=text, width=width, color_system=None).print(view)
    return text.getvalue()


def quality(model_id: str, **fields: float) -> model_pb2.ModelQuality:
    bins = [model_pb2.ModelQuality.Bin(count=500, mean_prediction=0.1, mean_reward=0.2)] * 2
    return model_pb2.ModelQuality(
        model_id=model_id, presentations=1_000, positives=200, log_loss=0.3, bins=bins, **fields
    )


@pytest.mark.parametrize("width", [80, 100, 200])
def test_model_ids_are_shown_whole(width: int) -> None:
    text = text_of(registry_view(pb.ListModelsResponse(models=[TRAINED, BEGINS], assignments=[USED])), width)
    assert TRAINED.model_id in text
    assert BEGINS.model_id in text
    assert "…" not in text


def test_registry_shows_roles_figures_trainings_and_history() -> None:
    failed = model_pb2.Training(
        training_id="t1", state=model_pb2.Training.STATE_FAILED, start_time=TIME, message="too few positives"
    )
    listed = pb.ListModelsResponse(models=[TRAINED, BEGINS], trainings=[failed], assignments=[USED])
    text = text_of(registry_view(listed))
    for expected in ("champion", "challenger", "123,456", "0.7500", "without a base", "failed", "too few positives"):
        assert expected in text
    assert "better" in text


def test_registry_of_an_objective_that_nobody_published_says_so() -> None:
    assert "no feature set of this objective" in text_of(registry_view(pb.ListModelsResponse()))


def test_long_history_is_cut() -> None:
    many = [
        model_pb2.Assignment(revision=number, change_time=TIME, reason=f"reason {number}") for number in range(9, 0, -1)
    ]
    text = text_of(registry_view(pb.ListModelsResponse(models=[BEGINS], assignments=many)))
    assert "reason 9" in text
    assert "reason 5" in text
    assert "reason 4" not in text


def test_model_shows_what_it_was_made_of() -> None:
    text = text_of(model_view(TRAINED))
    for expected in ("123,456 presentations", "200 trees", "auc 0.75000", "extra 1.00000", "seed 7", "action.brand"):
        assert expected in text
    assert "champion then" not in text
    assert "without" not in text
    assert "none: it begins" in text_of(model_view(BEGINS))


def test_role_of_a_model_that_is_not_in_use_is_empty() -> None:
    assert role_text(model_pb2.MODEL_ROLE_UNSPECIFIED) == ""
    assert role_text(model_pb2.MODEL_ROLE_APPRENTICE) == "apprentice"
    assert "not in use" in text_of(model_view(model_pb2.Model(model_id="m")))


def test_a_champion_that_does_not_answer_yet_is_shown_as_such() -> None:
    pending = model_pb2.Model(model_id="success-new", role=model_pb2.MODEL_ROLE_CHAMPION)
    before = model_pb2.Model(
        model_id="bayes-old", role=model_pb2.MODEL_ROLE_CHALLENGER, serves_as=model_pb2.MODEL_ROLE_CHAMPION
    )
    text = text_of(registry_view(pb.ListModelsResponse(models=[pending, before])), 200)
    assert "champion, not in use yet" in text
    assert "challenger, still champion" in text
    assert "champion, not in use yet" in text_of(model_view(pending))
    health = model_health_pb2.GetModelHealthResponse(assignment=USED, serving_model_id="bayes-01234567")
    assert "it does not answer yet on this replica: bayes-01234567 does" in text_of(health_view(health), 200)
    served = model_health_pb2.GetModelHealthResponse(assignment=USED, serving_model_id=USED.champion_model_id)
    assert "does not answer yet" not in text_of(health_view(served), 200)


def test_assignment_is_one_line() -> None:
    assert assignment_line(USED) == "success, revision 3: champion success-0123456789ab, challenger bayes-01234567"
    alone = model_pb2.Assignment(objective="click", revision=1, champion_model_id="m", is_apprentice=True)
    assert assignment_line(alone) == "click, revision 1: apprentice m"


def test_health_tells_what_is_wrong_first() -> None:
    health = model_health_pb2.GetModelHealthResponse(
        assignment=USED,
        qualities=[quality(TRAINED.model_id, auc=0.7, calibration_ratio=1.25), quality(BEGINS.model_id)],
        features=[
            model_pb2.FeatureHealth(name="calm", share_missing=0.9, psi=0.01),
            model_pb2.FeatureHealth(name="moved", share_missing=0.1, psi=0.5),
            model_pb2.FeatureHealth(name="unknown", share_missing=0.2),
        ],
        exploration_entropy=0.5,
        alarms=["moved has drifted"],
    )
    text = text_of(health_view(health))
    assert text.index("! moved has drifted") < text.index(TRAINED.model_id, 60)
    for expected in ("0.7000", "1.250", "20 %", "0.500 nats"):
        assert expected in text
    assert text.index("moved  ") < text.index("calm  ") < text.index("unknown  ")
    assert "nothing is wrong" not in text
    assert "…" not in text_of(health_view(health), 80)


def test_health_without_predictions_says_so() -> None:
    text = text_of(health_view(model_health_pb2.GetModelHealthResponse(assignment=USED)))
    assert "nothing is wrong" in text
    assert "no presentation of late says" in text


def test_many_features_are_cut_after_the_worst() -> None:
    features = [model_pb2.FeatureHealth(name=f"feature_{number:02}", psi=number / 100) for number in range(30)]
    text = text_of(health_view(model_health_pb2.GetModelHealthResponse(assignment=USED, features=features)))
    assert "feature_29" in text
    assert "feature_09" not in text
    assert "and 10 more" in text
