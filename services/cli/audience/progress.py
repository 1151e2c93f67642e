"""How far an audience came: what is noted is decided and written."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from services.cli.failures import CommandFailed

FORMAT = 1
NAME = "progress.json"


@dataclass(slots=True)
class AudienceProgress:
    """`asked` is what everybody is asked for: who goes on must ask the same."""

    asked: str
    parts: int = 0
    through_profile_id: str = ""
    """Everybody up to this one."""
    is_searched: bool = False
    """The audience has come to its end."""
    subjects: int = 0
    gone: int = 0
    """Profiles that were erased between being found and being decided for."""
    results: dict[str, int] = field(default_factory=dict)
    """Rows, by result: PROPOSITION by channel, NO_ACTION by reason."""


def load(folder: Path, asked: str) -> AudienceProgress:
    """A new one where nothing is noted. Raises CommandFailed where it is about something else."""
    path = folder / NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("format") != FORMAT:
            raise ValueError("of another version")
        kept = AudienceProgress(**document)
    except FileNotFoundError:
        return AudienceProgress(asked)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandFailed("PROGRESS_FILE", f"{path} cannot be used: {error}") from error
    if kept.asked != asked:
        text = f"{folder} was begun with other options: go on with those, or remove it"
        raise CommandFailed("AUDIENCE_CHANGED", text)
    return kept


def save(folder: Path, progress: AudienceProgress) -> None:
    path = folder / NAME
    beside = path.with_name(f"{NAME}.new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, **asdict(progress)}, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise CommandFailed("PROGRESS_FILE", f"{path} cannot be written: {error.strerror}") from error
