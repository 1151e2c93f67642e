"""Models for people: the registry of an objective, one model, and how those in use fare."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from tandem.scoring.v1 import model_health_pb2, model_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.cli.rendering.texts import counted, moment_text, percent
from services.scoring.domain.models import LATER_ROWS, LATER_ROWS_SHARED

HISTORY_SHOWN, FEATURES_SHOWN = 5, 20
_DRIFTED = 0.25
_METRICS = ("auc", "log_loss", "base_log_loss", "brier", "calibration_error")


def registry_view(listed: pb.ListModelsResponse) -> RenderableType:
    table = _table(("model", "role"), ("trees", "rows", "positives", "AUC", "log loss"), ("trained",))
    for model in listed.models:
        table.add_row(
            model.model_id,
            role_now_text(model),
            *_figures(model),
            _minute(model.train_time) if model.HasField("train_time") else "without a base",
        )
    parts: list[RenderableType] = [table] if listed.models else [Text("no feature set of this objective was published")]
    parts += [Text(), *_trainings(listed.trainings)] if listed.trainings else []
    parts += [Text(), *_history(listed.assignments)] if listed.assignments else []
    return Group(*parts)


def model_view(model: model_pb2.Model) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, text in _facts(model):
        if text:
            table.add_row(name, text)
    return Group(Text(model.model_id, "bold"), table)


def assignment_line(assignment: model_pb2.Assignment) -> str:
    """Who has which role from now on."""
    kind = "apprentice" if assignment.is_apprentice else "champion"
    beside = f", challenger {assignment.challenger_model_id}" if assignment.challenger_model_id else ""
    return f"{assignment.objective}, revision {assignment.revision}: {kind} {assignment.champion_model_id}{beside}"


def health_view(health: model_health_pb2.GetModelHealthResponse) -> RenderableType:
    """What is wrong first; then figures."""
    parts: list[RenderableType] = [Text(assignment_line(health.assignment), "bold")]
    if health.serving_model_id not in ("", health.assignment.champion_model_id):
        parts.append(Text(f"it does not answer yet on this replica: {health.serving_model_id} does", "yellow"))
    parts += [Text(f"! {alarm}", "bold yellow") for alarm in health.alarms] or [Text("nothing is wrong", "green")]
    if not health.qualities:
        parts.append(Text("no presentation of late says what the models in use predicted"))
    else:
        parts += [Text(), _qualities(health), Text(), *_reliability(health.qualities)]
    if health.features:
        parts += [Text(), _features(health.features)]
        if len(health.features) > FEATURES_SHOWN:
            parts.append(Text(f"and {len(health.features) - FEATURES_SHOWN} more; --json shows all", "dim"))
    parts.append(
        Text(
            "\nRows: presentations that a model predicted before they were learnt; off by: mean distance of what was "
            "said and what came; came/said: 1 where that is right on average; PSI: above 0.25 a feature has drifted. "
            f"Exploration: an entropy of {health.exploration_entropy:.3f} nats, 0 where nothing is explored"
            f"{_share_of_uniform(health)}.",
            "dim",
        )
    )
    return Group(*parts)


def _share_of_uniform(health: model_health_pb2.GetModelHealthResponse) -> str:
    return (
        f"; {percent(health.exploration_share)} of a uniform choice's" if health.HasField("exploration_share") else ""
    )


def role_text(role: model_pb2.ModelRole) -> str:
    """`champion`; nothing for a model that is not in use."""
    name = model_pb2.ModelRole.Name(role).removeprefix("MODEL_ROLE_").lower()
    return "" if role == model_pb2.MODEL_ROLE_UNSPECIFIED else name


def role_now_text(model: model_pb2.Model) -> str:
    """The role, and what the model does on the replica that answered where that is not the same yet."""
    role, now = role_text(model.role), role_text(model.serves_as)
    if model.role == model.serves_as:
        return role
    if not now:
        return f"{role}, not in use yet" if role else ""
    return f"{role}, still {now}" if role else f"still {now}"


def _minute(stamp: Timestamp) -> str:
    """In UTC, as everything is."""
    return f"{stamp.ToDatetime():%Y-%m-%d %H:%M}"


def _table(texts: Iterable[str], numbers: Iterable[str], more: Iterable[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False)
    for index, name in enumerate(texts):
        table.add_column(name, no_wrap=index == 0, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", overflow="fold")
    for name in more:
        table.add_column(name, overflow="fold")
    return table


def _figures(model: model_pb2.Model) -> tuple[str, ...]:
    counts = (model.trees, model.rows, model.positives) if model.HasField("train_time") else ()
    known = [f"{count:,}" for count in counts] or ["-"] * 3
    metrics = [f"{model.metrics[name]:.4f}" if name in model.metrics else "-" for name in ("auc", "log_loss")]
    return (*known, *metrics)


def _trainings(trainings: Iterable[model_pb2.Training]) -> list[RenderableType]:
    table = _table(("training", "state"), ("rounds",), ("began", "led to"))
    for training in trainings:
        state = model_pb2.Training.State.Name(training.state).removeprefix("STATE_").lower()
        outcome = training.model_id or training.message
        table.add_row(training.training_id, state, f"{training.rounds:,}", _minute(training.start_time), outcome)
    return [table]


def _history(assignments: Iterable[model_pb2.Assignment]) -> list[RenderableType]:
    """The newest ones."""
    table = _table(("since", "revision", "champion", "challenger"), (), ("why",))
    for assignment in list(assignments)[:HISTORY_SHOWN]:
        champion = assignment.champion_model_id + (" (apprentice)" if assignment.is_apprentice else "")
        table.add_row(
            _minute(assignment.change_time),
            str(assignment.revision),
            champion,
            assignment.challenger_model_id or "-",
            assignment.reason or "-",
        )
    return [table]


def _facts(model: model_pb2.Model) -> list[tuple[str, str]]:
    metrics = [f"{name} {model.metrics[name]:.5f}" for name in _METRICS if name in model.metrics]
    metrics += [f"{name} {number:.5f}" for name, number in sorted(model.metrics.items()) if name not in _METRICS]
    facts = [("objective", model.objective), ("role", role_now_text(model) or "not in use")]
    if not model.HasField("train_time"):
        return [*facts, ("base", "none: it begins with the expected rate, and learns from every reward")]
    is_shared = model.lineage.get(LATER_ROWS) == LATER_ROWS_SHARED
    window = f"{_minute(model.window_start_time)} to {_minute(model.window_end_time)}"
    return [
        *facts,
        ("trained", moment_text(model.train_time)),
        ("data", f"{counted(model.rows, 'presentation')}, {model.positives:,} positive, {window}"),
        ("log", f"trained on what is up to position {model.trained_through}; learns from after {model.learns_after}"),
        ("base", f"{counted(model.trees, 'tree')}, {model.bytes:,} bytes"),
        ("on later ones", ", ".join(metrics)),
        ("", "they also said when to stop and calibrated it: optimistic, and no test" if is_shared else ""),
        ("features", ", ".join(model.features)),
        ("feature set", model.feature_set_version),
        ("champion then", model.parent_model_id),
        ("made with", ", ".join(f"{name} {text}" for name, text in sorted(model.lineage.items()))),
    ]


def _qualities(health: model_health_pb2.GetModelHealthResponse) -> RenderableType:
    figures = ("rows", "positives", "AUC", "log loss", "off by", "came/said")
    table = _table(("model", "role"), figures)
    for quality in health.qualities:
        is_champion = quality.model_id == health.assignment.champion_model_id
        role = "challenger" if not is_champion else "apprentice" if health.assignment.is_apprentice else "champion"
        table.add_row(
            quality.model_id,
            role,
            f"{quality.presentations:,}",
            f"{quality.positives:,.0f}",
            f"{quality.auc:.4f}" if quality.HasField("auc") else "-",
            f"{quality.log_loss:.5f}",
            f"{quality.calibration_error:.4f}",
            f"{quality.calibration_ratio:.3f}" if quality.HasField("calibration_ratio") else "-",
        )
    return table


def _reliability(qualities: Iterable[model_pb2.ModelQuality]) -> list[RenderableType]:
    """Of each model: what it said against what came, from its least predictions to its greatest."""
    table = _table(("model",), ("rows", "said", "came"))
    for quality in qualities:
        for row, found in enumerate(quality.bins):
            name = quality.model_id if row == 0 else ""
            table.add_row(name, f"{found.count:,}", percent(found.mean_prediction), percent(found.mean_reward))
    return [table]


def _features(features: Iterable[model_pb2.FeatureHealth]) -> RenderableType:
    """The ones that drifted most first, then those that are missing most."""
    table = _table(("feature",), ("missing", "PSI"))
    order = sorted(features, key=lambda each: (-(each.psi if each.HasField("psi") else -1.0), -each.share_missing))
    for each in order[:FEATURES_SHOWN]:
        is_drifted = each.HasField("psi") and each.psi > _DRIFTED
        index = Text(f"{each.psi:.3f}" if each.HasField("psi") else "-", "bold yellow" if is_drifted else "")
        table.add_row(each.name, percent(each.share_missing), index)
    return table
