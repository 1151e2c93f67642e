"""A policy as it lies on disk: a folder of YAML files, split however its authors like."""

from __future__ import annotations

from pathlib import Path

from services.cli.failures import CommandFailed
from services.cli.option_types import Parsed

SUFFIXES = frozenset({".yaml", ".yml"})


def read_policy_folder(folder: Path) -> dict[str, bytes]:
    """The YAML files by path relative to the folder, hidden ones left out. Raises CommandFailed where there is none."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and not _is_hidden(path, folder))
    if not paths:
        raise CommandFailed("POLICY_INVALID", f"{folder} holds no .yaml file")
    try:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    except OSError as error:
        raise CommandFailed("POLICY_INVALID", f"{error.filename} cannot be read: {error.strerror}") from error


def files_of(policy: str) -> dict[str, bytes] | None:
    """Of a policy that is named by its folder; None where it is named by its version."""
    return read_policy_folder(Path(policy)) if Path(policy).is_dir() else None


def _named(policy: str) -> str:
    if not policy.strip():
        raise ValueError("it is empty: name a published version, or a folder; '.' is the current one")
    return policy


POLICY = Parsed(_named, "POLICY")
"""An argument that is a version or a folder. An empty one is a variable that was not set, not the current folder."""


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
