"""A base model as bytes: SHA-256 (32 bytes) and then a zstd frame of msgpack. Immutable; its id is the hash of it.

Whatever is damaged, of another format, or does not fit together is refused whole, before any of it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import zstandard

from services.scoring.domain.amounts_encoding import EncodedAmounts, decode_amounts
from services.scoring.domain.base_model.columns import ForestColumn, ForestColumns, Reading
from services.scoring.domain.feature_set import CrossDeclaration, CrossKind
from services.scoring.domain.forest.compiled import Side
from services.scoring.domain.forest.model import ForestModel
from services.scoring.domain.forest.text import read_model
from services.scoring.domain.training.calibration import Calibration

_FORMAT = 1
_DIGEST_BYTES = 32
_MAX_BYTES = 512 * 2**20
_FAR = 50.0
"""Log-odds beyond this are no rate of anything."""


@dataclass(frozen=True, slots=True)
class ModelContent:
    """`forest` is LightGBM's text, empty where the base is the rate alone. `learns_after`: the layer over it learns the
    entries of the reward log after this one. `reference`: of each feature, how it was distributed (`domain/health`).

    `severity` is the forest of amounts, empty where there is none: E[amount | success] is exp(raw score + `log_scale`).
    `amounts` are those that taught, relative to what it expects, else as they are: the layer goes on from them.
    """

    objective: str
    columns: ForestColumns
    rate_log_odds: float
    learns_after: int
    forest: str = ""
    calibration: Calibration = field(default_factory=Calibration)
    reference: Mapping[str, Any] = field(default_factory=dict)
    severity: str = ""
    log_scale: float = 0.0
    amounts: EncodedAmounts | None = None
    evidence: Mapping[str, int] = field(default_factory=dict)
    """By action, the presentations that taught it."""

    def model(self) -> ForestModel | None:
        """The forest's trees. Raises ValueError where the text is none of a forest that reads these columns."""
        if not self.forest:
            return None
        return self._read(self.forest)

    def severity_model(self) -> ForestModel | None:
        """The trees of the forest of amounts. Raises as `model` does."""
        return self._read(self.severity) if self.severity else None

    def _read(self, forest: str) -> ForestModel:
        model = read_model(forest)
        if len(model.feature_names) != len(self.columns.columns):
            text = f"its forest reads {len(model.feature_names)} features and has {len(self.columns.columns)} columns"
            raise ValueError(text)
        return model


class _Content(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    format: int
    objective: str
    columns: tuple[tuple[str, str, str, str], ...]
    vocabularies: dict[str, tuple[str, ...]]
    crosses: tuple[tuple[str, int, str, str], ...]
    rate_log_odds: float
    learns_after: int
    forest: str
    calibration: tuple[str, float, float, tuple[tuple[float, float], ...]]
    reference: dict[str, Any]
    windows: dict[str, int] = {}
    """Of crosses that have one."""
    severity: str = ""
    log_scale: float = 0.0
    amounts: EncodedAmounts | None = None
    evidence: dict[str, int] = {}


def model_id(objective: str, content: bytes) -> str:
    """Of an encoded model."""
    return f"{objective}-{hashlib.sha256(content).hexdigest()[:12]}"


def encode(model: ModelContent) -> bytes:
    columns, line = model.columns, model.calibration
    content = _Content(
        format=_FORMAT,
        objective=model.objective,
        columns=tuple((c.name, c.side.value, c.reading.value, c.label) for c in columns.columns),
        vocabularies=dict(columns.vocabularies),
        crosses=tuple((c.name, int(c.kind), c.feature, c.attribute) for c in columns.crosses),
        rate_log_odds=model.rate_log_odds,
        learns_after=model.learns_after,
        forest=model.forest,
        calibration=(line.method, line.slope, line.offset, line.knots),
        reference=dict(model.reference),
        severity=model.severity,
        log_scale=model.log_scale,
        amounts=model.amounts,
        evidence=dict(model.evidence),
        windows={cross.name: cross.window_ms for cross in columns.crosses if cross.window_ms},
    )
    frame = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(content))
    return hashlib.sha256(frame).digest() + frame


def decode(encoded: bytes) -> ModelContent:
    """Raises ValueError, saying why, where it must not be used."""
    digest, frame = encoded[:_DIGEST_BYTES], encoded[_DIGEST_BYTES:]
    if hashlib.sha256(frame).digest() != digest:
        raise ValueError("the checksum does not match")
    try:
        if zstandard.frame_content_size(frame) > _MAX_BYTES:
            raise ValueError(f"it is larger than {_MAX_BYTES} bytes")
        packed = zstandard.ZstdDecompressor().decompress(frame, max_output_size=_MAX_BYTES)
        stored = msgspec.msgpack.decode(packed, type=_Content)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise ValueError(f"it cannot be read: {error}") from error
    if stored.format != _FORMAT:
        raise ValueError(f"it is of format {stored.format}; this version reads format {_FORMAT}")
    method, slope, offset, knots = stored.calibration
    model = ModelContent(
        stored.objective,
        ForestColumns(
            tuple(
                ForestColumn(name, Side(side), Reading(reading), label) for name, side, reading, label in stored.columns
            ),
            stored.vocabularies,
            tuple(
                CrossDeclaration(name, CrossKind(kind), f, a, stored.windows.get(name, 0))
                for name, kind, f, a in stored.crosses
            ),
        ),
        stored.rate_log_odds,
        stored.learns_after,
        stored.forest,
        Calibration(method, slope, offset, knots),
        stored.reference,
        stored.severity,
        stored.log_scale,
        stored.amounts,
        stored.evidence,
    )
    _check(model)
    return model


def _check(model: ModelContent) -> None:
    if not abs(model.rate_log_odds) <= _FAR:  # neither is NaN
        raise ValueError(f"its rate, log-odds of {model.rate_log_odds}, is none")
    if model.learns_after < 0:
        raise ValueError("it learns from before the first entry")
    line = model.calibration
    points = [number for knot in line.knots for number in knot]
    if not all(abs(number) < float("inf") for number in (line.slope, line.offset, *points)):
        raise ValueError("its calibration is not finite")
    if any(right[0] <= left[0] or right[1] < left[1] for left, right in zip(line.knots, line.knots[1:], strict=False)):
        raise ValueError("its calibration does not rise")
    coded = {column.key for column in model.columns.columns if column.reading is Reading.CODE}
    if coded - model.columns.vocabularies.keys():
        raise ValueError("it lacks a vocabulary")
    crosses = {cross.name for cross in model.columns.crosses}
    known = {"channel", "placement"} | crosses
    if any(column.side is Side.CROSS and column.name not in known for column in model.columns.columns):
        raise ValueError("it lacks a cross")
    if not abs(model.log_scale) <= _FAR:
        raise ValueError(f"the level of its amounts, {model.log_scale}, is none")
    if any(count < 0 for count in model.evidence.values()):
        raise ValueError("it was taught by less than nothing")
    decode_amounts(model.amounts)
    model.severity_model()
    model.model()
