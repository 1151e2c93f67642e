"""A model as a directory that names itself by its content.

    manifest.json    features, vocabularies, calibration, data window, metrics; sha256 of the two files; `model_id`,
                     which is the hash of all the rest
    forest.txt       the base model's forest; absent where the base is a rate
    posterior.bin    the online layer

Whatever is damaged, added or of another version is refused, before any of it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from services.scoring.adapters.log_files.refusal import FileRefused
from services.scoring.domain import snapshot
from services.scoring.domain.logs.log import Feature, Log
from services.scoring.domain.logs.spec import FeatureKind, FeatureSpec
from services.scoring.domain.training.base_model import BaseModel
from services.scoring.domain.training.calibration import Calibration
from services.scoring.domain.training.encoder import Encoder
from services.scoring.domain.training.forest_learner import Forest, ForestLearner
from services.scoring.domain.training.online_layer import OnlineLayer
from services.scoring.domain.training.tandem_model import TandemModel

FORMAT = 1
MANIFEST, FOREST, POSTERIOR = "manifest.json", "forest.txt", "posterior.bin"
_MAX_MANIFEST_BYTES = 2**26


class FeatureEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    column: str
    type: FeatureKind
    monotone: int
    vocabulary: tuple[str, ...]
    """Empty but for a category; what is not in it is of the unknown bucket."""


class CalibrationEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    method: str
    slope: float
    offset: float
    knots: tuple[tuple[float, float], ...]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    format: int
    model_id: str
    actions: tuple[str, ...]
    encoded_actions: tuple[str, ...]
    """The vocabulary of the forest: the actions of the rows that taught it."""
    position: str
    positions: tuple[str, ...]
    features: tuple[FeatureEntry, ...]
    rate_log_odds: float
    calibration: CalibrationEntry
    data: Mapping[str, Any]
    """Rows, positives, window in milliseconds since 1970, sha256 of log and spec, seed."""
    metrics: Mapping[str, Any]
    files: Mapping[str, str]
    """sha256 by name."""
    delimiter: str = ""
    """Of the log, where its spec names one: that of files to be scored is likely the same. Not written where there is
    none: such manifests are as they were before."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredModel:
    manifest: Manifest
    model: TandemModel


def write_model(
    folder: Path, model: TandemModel, actions: tuple[str, ...], facts: Mapping[str, Any], delimiter: str = ""
) -> Manifest:
    """`facts`: `data` and `metrics`; `delimiter` as the spec of the log has it. The manifest comes last: a folder
    without one is no model. Raises FileRefused.
    """
    encoder, base = model.base.encoder, model.base
    contents = {POSTERIOR: snapshot.encode(_layer_id(actions), model.layer.posterior)}
    if base.forest is not None:
        contents[FOREST] = base.forest.text().encode()
    unnamed = Manifest(
        format=FORMAT,
        model_id="",
        actions=actions,
        encoded_actions=encoder.actions,
        position=encoder.position,
        positions=encoder.vocabularies[1],
        features=tuple(
            FeatureEntry(spec.column, spec.kind, spec.monotone, vocabulary)
            for spec, vocabulary in zip(encoder.features, encoder.vocabularies[2:], strict=True)
        ),
        rate_log_odds=base.rate_log_odds,
        calibration=CalibrationEntry(
            base.calibration.method, base.calibration.slope, base.calibration.offset, base.calibration.knots
        ),
        data=facts["data"],
        metrics=facts["metrics"],
        files={name: _sha256(content) for name, content in contents.items()},
        delimiter=delimiter,
    )
    manifest = msgspec.structs.replace(unnamed, model_id=model_id_of(unnamed))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_whole(folder / name, content)
        text = json.dumps(msgspec.to_builtins(manifest), ensure_ascii=False, indent=2) + "\n"
        write_whole(folder / MANIFEST, text.encode())
    except OSError as error:
        raise FileRefused([f"{folder}: cannot be written: {error}"]) from error
    return manifest


def read_model(folder: Path, learner: ForestLearner) -> StoredModel:
    """Raises FileRefused, in words, for a folder that is no model, or is damaged, or of another version."""
    manifest = read_manifest(folder)
    contents = {name: _content(folder, name, digest) for name, digest in manifest.files.items()}
    try:
        forest = learner.read(contents[FOREST].decode()) if FOREST in contents else None
        posterior = snapshot.decode(_layer_id(manifest.actions), contents[POSTERIOR])
    except (ValueError, KeyError) as error:
        raise FileRefused([f"{folder}: the model cannot be used: {error}"]) from error
    base = _base(manifest, forest)
    return StoredModel(manifest, TandemModel(base, OnlineLayer(_empty_log(manifest), posterior=posterior)))


def read_manifest(folder: Path) -> Manifest:
    """Raises FileRefused."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _MAX_MANIFEST_BYTES:
            raise FileRefused([f"{path}: is too large for a manifest"])
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise FileRefused([f"{folder} holds no model: there is no {MANIFEST} in it"]) from None
    except (OSError, msgspec.DecodeError) as error:
        raise FileRefused([f"{path}: is no manifest of a model: {error}"]) from error
    if manifest.format != FORMAT:
        raise FileRefused([f"{path}: is of format {manifest.format}, and this version reads {FORMAT}"])
    if model_id_of(manifest) != manifest.model_id:
        raise FileRefused([f"{path}: was changed: its content is not what its model_id {manifest.model_id} stands for"])
    if not set(manifest.files) <= {FOREST, POSTERIOR}:
        raise FileRefused([f"{path}: names files that no model has"])
    return manifest


def model_id_of(manifest: Manifest) -> str:
    """The address of the content."""
    document = msgspec.to_builtins(msgspec.structs.replace(manifest, model_id=""))
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"model-{_sha256(text.encode())[:16]}"


def write_whole(path: Path, content: bytes) -> None:
    """Beside the target, on disk, and renamed: nobody reads half a file, whenever the power fails."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _content(folder: Path, name: str, digest: str) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise FileRefused([f"{folder}: {name} cannot be read: {error}"]) from error
    if _sha256(content) != digest:
        raise FileRefused([f"{folder}: {name} is damaged: its sha256 is not the one in {MANIFEST}"])
    return content


def _base(manifest: Manifest, forest: Forest | None) -> BaseModel:
    encoder = Encoder(
        _specs(manifest),
        manifest.position,
        (manifest.encoded_actions, manifest.positions, *(entry.vocabulary for entry in manifest.features)),
    )
    found = manifest.calibration
    calibration = Calibration(found.method, found.slope, found.offset, found.knots)
    return BaseModel(encoder, manifest.rate_log_odds, forest, calibration)


def _specs(manifest: Manifest) -> tuple[FeatureSpec, ...]:
    return tuple(FeatureSpec(entry.column, entry.type, entry.monotone) for entry in manifest.features)


def _empty_log(manifest: Manifest) -> Log:
    """What the online layer needs to know of a log: features and actions."""
    nothing = np.zeros(0)
    features = tuple(Feature(spec, nothing) for spec in _specs(manifest))
    return Log(manifest.actions, np.zeros(0, np.int32), nothing, (0.0, 1.0), features, nothing)


def _layer_id(actions: tuple[str, ...]) -> str:
    return f"online-layer-{_sha256(json.dumps(actions).encode())[:16]}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
