"""What `tandem evaluate` found, for people and as JSON. A figure that does not exist is null, never NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.rendering.texts import counted
from services.scoring.domain.evaluation.estimates import ESTIMATORS, Values
from services.scoring.domain.evaluation.estimators import Estimate
from services.scoring.domain.evaluation.identity import Identity
from services.scoring.domain.evaluation.log_evaluation import LogEvaluation, PolicyValue
from services.scoring.domain.evaluation.prediction_quality import Quality
from services.scoring.domain.evaluation.prequential import Prequential

_NAMES = {"replay": "replay", "ips": "IPS", "snips": "SNIPS", "dm": "direct", "dr": "doubly robust"}


def evaluation_document(found: LogEvaluation, seed: int) -> dict[str, Any]:
    worst = found.worst_action
    return {
        "rows": found.rows,
        "evaluated_rows": found.rest_rows,
        "positives": found.positives,
        "actions": found.actions,
        "seed": seed,
        "best_action": found.best_action,
        "base_rounds": found.base_rounds,
        "identity": _identity(found.inverse_probability),
        "worst_action": {"action": worst.action, **_identity(worst.identity)} if worst else None,
        "policies": {name: _policy(policy) for name, policy in found.policies.items()},
        "value": {name: _values(values) for name, values in found.money.items()} if found.money else None,
        "warnings": list(found.warnings),
    }


def _policy(policy: PolicyValue) -> dict[str, Any]:
    return {
        "rows": policy.rows,
        **_values(policy.values),
        "verdict": policy.verdict,
        "on_rest": _values(policy.on_rest),
    }


def _values(values: Values) -> dict[str, Any]:
    doubt = values.doubt()
    return {
        **{kind: _estimate(values.estimates.get(kind)) for kind in ESTIMATORS},
        "not_applicable": {kind: refusal.text for kind, refusal in values.refused.items()},
        "ess": values.effective_sample_size,
        "positives": values.weighted_positives,
        "identity": _identity(values.mean_weight),
        "refusal": doubt.text if doubt else None,
    }


def _estimate(estimate: Estimate | None) -> dict[str, float] | None:
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high} if estimate else None


def _identity(identity: Identity) -> dict[str, Any]:
    return finite({**asdict(identity), "holds": identity.holds})


def prequential_document(found: Prequential, rows: int, batch: int, seed: int) -> dict[str, Any]:
    return {
        "rows": rows,
        "evaluated_rows": found.whole.rows,
        "batch": batch,
        "seed": seed,
        "whole": _quality(found.whole),
        "base_frozen": _quality(found.base_frozen),
        "from_the_start": {"whole": _quality(found.from_the_start)},
        "log_loss_saved": finite(asdict(found.log_loss_saved)),
        "auc_gained": finite(asdict(found.auc_gained)),
        "base_rounds": found.base_rounds,
        "refits": found.refits,
        "windows": [
            {
                "start": window.start,
                "whole": _quality(window.whole),
                "base_frozen": _quality(window.base_frozen) if window.base_frozen else None,
            }
            for window in found.windows
        ],
    }


def _quality(quality: Quality) -> dict[str, Any]:
    return finite(asdict(quality))


def finite(document: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN and no infinity."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in document.items()
    }


def evaluation_view(found: LogEvaluation) -> RenderableType:
    parts: list[RenderableType] = [_table(found), Text()]
    identity = found.inverse_probability
    parts.append(
        Text(
            f"{counted(found.rows, 'row')}, {found.positives:,} with a positive reward, "
            f"{counted(found.actions, 'action')}; the last {found.rest_rows:,} are evaluated where a policy learns "
            f"from the first. Mean of 1/p: {identity.mean:.4g}, of {identity.expected:g} eligible actions. ESS: how "
            f"many rows of its own the log is worth. The best single action of the first part is {found.best_action}.",
            "dim",
        )
    )
    if found.money:
        parts += [Text("\nIn units of the column `value`, on the last rows", "bold"), _money(found.money)]
    parts += [Text(f"! {warning}", "bold yellow") for warning in found.warnings]
    return Group(*parts)


def _table(found: LogEvaluation) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("policy")
    table.add_column("estimator")
    for column in ("value", "95 % interval", "ESS"):
        table.add_column(column, justify="right")
    table.add_column("against what was logged")
    for name, policy in found.policies.items():
        for row, kind in enumerate(kind for kind in ESTIMATORS if kind in policy.values.estimates):
            estimate = policy.values.estimates[kind]
            about = (name, f"{policy.values.effective_sample_size:,.0f}", policy.verdict) if row == 0 else ("", "", "")
            table.add_row(about[0], _NAMES[kind], *_cells(estimate), about[1], about[2])
    return table


def _money(money: Mapping[str, Values]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("policy", "estimator", "value", "95 % interval"):
        table.add_column(column)
    for name, values in money.items():
        for kind, estimate in values.estimates.items():
            table.add_row(name, _NAMES[kind], *_cells(estimate))
    return table


def _cells(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.mean:.6g}", f"{estimate.low:.4g} to {estimate.high:.4g}"


def prequential_view(found: Prequential) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for column in ("rows", "positives", "AUC", "log loss", "Brier", "calibration", "in best half"):
        table.add_column(column, justify="right")
    _add(table, "whole model", found.whole)
    _add(table, "base, frozen", found.base_frozen)
    _add(table, "whole, from the start", found.from_the_start)
    for window in found.windows:
        _add(table, f"whole, rows from {window.start:,}", window.whole)
        if window.base_frozen is not None:
            _add(table, f"base, rows from {window.start:,}", window.base_frozen)
    saved, gained = found.log_loss_saved, found.auc_gained
    text = (
        "\nCalibration: how far what is said is from what happens; in best half: of the positives, the share in the "
        "better-scored half of the rows.\n"
        f"Whole model to frozen base, on the same rows: log loss {saved.mean:+.5f} saved ({saved.low:+.5f} to "
        f"{saved.high:+.5f}), AUC {gained.mean:+.4f} gained ({gained.low:+.4f} to {gained.high:+.4f}); 95 % intervals. "
        f"The base was learnt anew {found.refits} times; frozen, it has {found.base_rounds} trees."
    )
    return Group(table, Text(text, "dim"))


def _add(table: Table, name: str, quality: Quality) -> None:
    figures = (quality.auc, quality.log_loss, quality.brier, quality.calibration_error, quality.best_half_share)
    cells = [f"{figure:.4f}" if math.isfinite(figure) else "-" for figure in figures]
    table.add_row(name, f"{quality.rows:,}", f"{quality.positives:,}", *cells)
