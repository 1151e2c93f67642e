"""The policy of the corner shop, and variations of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

POLICY = Path(__file__).parent / "policies" / "corner_shop"


def policy_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(POLICY.glob("*.yaml"))}


def edited(changes: Mapping[str, str]) -> dict[str, bytes]:
    """The policy with texts replaced; each must occur."""
    files = policy_files()
    for old, new in changes.items():
        assert any(old.encode() in content for content in files.values()), old
        files = {path: content.replace(old.encode(), new.encode()) for path, content in files.items()}
    return files
