"""How far an import came, on disk: what is done is never sent again, and nothing is left out.

A row is done when the destination acknowledged everything of it, or refused it. The file is replaced in one step, so an
import that is killed leaves one or the other; rows that were acknowledged after the last one are recognised by their
ids when they are sent once more.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from services.cli.failures import CommandFailed
from shared.ids import new_id

FORMAT = 1
_HEAD_BYTES = 2**20


@dataclass(slots=True)
class FileProgress:
    name: str
    size_bytes: int
    head_sha256: str
    rows_done: int = 0
    is_done: bool = False

    def is_of(self, other: FileProgress) -> bool:
        return (self.name, self.size_bytes, self.head_sha256) == (other.name, other.size_bytes, other.head_sha256)


@dataclass(slots=True)
class Progress:
    mapping_sha256: str
    files: list[FileProgress]
    run_id: str = field(default_factory=lambda: new_id("run"))

    @property
    def is_begun(self) -> bool:
        return any(file.rows_done for file in self.files)


def fresh_progress(paths: tuple[Path, ...], mapping: bytes) -> Progress:
    return Progress(hashlib.sha256(mapping).hexdigest(), [_file_progress(path) for path in paths])


def resumed(path: Path, fresh: Progress) -> Progress:
    """What the file says, where there is one. Raises CommandFailed where it is about something else."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return fresh
    except OSError as error:
        raise CommandFailed("PROGRESS_FILE", f"{path} cannot be read: {error.strerror}") from error
    try:
        document = json.loads(text)
        if document.pop("format") != FORMAT:
            raise ValueError("of another version")
        kept = Progress(**(document | {"files": [FileProgress(**each) for each in document["files"]]}))
    except (ValueError, KeyError, TypeError) as error:
        raise CommandFailed("PROGRESS_FILE", f"{path} is no progress file of an import: {error}") from error
    if kept.mapping_sha256 != fresh.mapping_sha256:
        raise CommandFailed("IMPORT_CHANGED", f"the mapping is not the one that {path} was begun with: remove {path}")
    if len(kept.files) != len(fresh.files):
        raise CommandFailed("IMPORT_CHANGED", f"{path} is about {len(kept.files)} files: remove {path}")
    for old, new in zip(kept.files, fresh.files, strict=True):
        if not old.is_of(new):
            raise CommandFailed("IMPORT_CHANGED", f"{new.name} is not what {path} was begun with: remove {path}")
    return kept


def save(path: Path, progress: Progress) -> None:
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_text(json.dumps({"format": FORMAT, **asdict(progress)}, indent=2), encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise CommandFailed("PROGRESS_FILE", f"{path} cannot be written: {error.strerror}") from error


def _file_progress(path: Path) -> FileProgress:
    with path.open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD_BYTES)).hexdigest()
    return FileProgress(str(path), path.stat().st_size, head)
