"""What a training has done so far, beside the model it will become: after Ctrl-C, it goes on from there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from services.scoring.adapters.log_files.refusal import FileRefused
from services.scoring.adapters.model_files.folder import MANIFEST, read_manifest, write_whole
from services.scoring.domain.training.forest_learner import Progress

PROGRESS = "training.progress"


class _State(msgspec.Struct, frozen=True):
    key: str
    """Of the log, the spec and the seed."""
    rounds: int
    wanted_rounds: int
    loss: float
    best_round: int
    text: str


def training_key(log: Path, spec: Path, seed: int) -> str:
    digest = hashlib.sha256(f"{seed}\n".encode())
    for path in (log, spec):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def check_folder(folder: Path) -> None:
    """Raises FileRefused where a training must not write."""
    if (folder / MANIFEST).exists():
        name = read_manifest(folder).model_id
        raise FileRefused([f"{folder} holds the model {name} already: name another directory, or remove it"])
    strangers = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    own = {PROGRESS, f"{PROGRESS}.partial", "forest.txt", "posterior.bin"}
    if strangers and not (PROGRESS in strangers or set(strangers) <= own):
        raise FileRefused([f"{folder} is not empty, and what is in it is no model: name another directory"])


def read_progress(folder: Path, key: str) -> Progress | None:
    """None where nothing was begun, or something else. What cannot be read is begun anew."""
    try:
        state = msgspec.msgpack.decode((folder / PROGRESS).read_bytes(), type=_State)
    except (OSError, msgspec.DecodeError):
        return None
    if state.key != key:
        return None
    return Progress(state.rounds, state.wanted_rounds, state.loss, state.best_round, state.text)


def write_progress(folder: Path, key: str, done: Progress) -> None:
    state = _State(key, done.rounds, done.wanted_rounds, done.loss, done.best_round, done.text)
    write_whole(folder / PROGRESS, msgspec.msgpack.encode(state))


def remove_progress(folder: Path) -> None:
    (folder / PROGRESS).unlink(missing_ok=True)
