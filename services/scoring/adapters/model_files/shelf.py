"""What trainings from the reward log have done so far: a file for each objective. It is on one machine, as the rounds
are bit by bit; another one begins anew."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from services.scoring.adapters.model_files.folder import write_whole
from services.scoring.app.training_order import KeptProgress

_DECODER = msgspec.msgpack.Decoder(KeptProgress)


class FileShelf:
    """Implements ProgressShelf. Objectives are names, and no paths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, objective: str) -> KeptProgress | None:
        try:
            return _DECODER.decode(self._path(objective).read_bytes())
        except (OSError, msgspec.DecodeError):
            return None

    def keep(self, kept: KeptProgress) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(kept.order.objective), msgspec.msgpack.encode(kept))

    def clear(self, objective: str) -> None:
        with contextlib.suppress(OSError):
            self._path(objective).unlink(missing_ok=True)

    def _path(self, objective: str) -> Path:
        return self._folder / f"{objective}.progress"
