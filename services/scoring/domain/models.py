"""Models in the registry: what each was made of, which of them is used, and the trainings they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

LATER_ROWS = "later_rows"
"""In the lineage: what became of the rows behind those that taught."""
LATER_ROWS_APART = "stop, calibrate, report: apart"
LATER_ROWS_SHARED = "stop, calibrate, report: the same"
"""They were too few for parts of their own: metrics are a little optimistic, and of no held-out test."""


class ModelRole(IntEnum):
    """What a model is used for. Numbers are those of tandem.scoring.v1.ModelRole."""

    CHAMPION = 1
    CHALLENGER = 2
    APPRENTICE = 3


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A trained model without its content. Immutable. Times are milliseconds since 1970; positions are of the reward
    log.

    model_id          "<objective>-<12 hexadecimal digits of the hash of its content>"
    trained_through   the last entry that training read
    learns_after      the layer over the base learns from the entries after this one
    metrics           on presentations later than those that taught it
    parent            the champion when it was trained; empty for the first one
    """

    model_id: str
    objective: str
    train_time_ms: int
    feature_set_version: str
    window_start_ms: int
    window_end_ms: int
    rows: int
    positives: int
    trained_through: int
    learns_after: int
    features: tuple[str, ...]
    metrics: Mapping[str, float]
    parent: str
    trees: int
    bytes: int
    lineage: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which models of an objective are used. Revision 0, with no names, is that of an objective nobody assigned: the
    model without a base is the champion.

    From revision 1 on the model without a base goes by its id. `former` is the champion before this one, to which an
    automatic roll-back returns; empty: there is none.
    """

    objective: str
    revision: int = 0
    champion: str = ""
    is_apprentice: bool = False
    challenger: str = ""
    former: str = ""
    change_time_ms: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentReceipt:
    """What a request led to."""

    body_hash: str
    assignment: Assignment


class TrainingState(IntEnum):
    """Numbers are those of tandem.scoring.v1.Training.State."""

    RUNNING = 1
    SUCCEEDED = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Training:
    """Of a training, as far as it has come. `beat_ms` is when it last said so: one that stopped saying so has died."""

    training_id: str
    objective: str
    state: TrainingState
    start_ms: int
    beat_ms: int
    end_ms: int = 0
    rounds: int = 0
    model_id: str = ""
    message: str = ""
