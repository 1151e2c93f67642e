"""Fields that declarations got after the first release.

Where such a field says nothing it is no part of a declaration's content, so that a schema which uses none of them keeps
the version it was published under. Stored schemas of before are read with the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")

_ADDED = {"added": True}


def added(default: T) -> T:
    """A dataclass field that was not there from the beginning."""
    return field(default=default, metadata=_ADDED)


def content_of(declared: Any) -> Any:
    """What a content hash is made of: declarations as mappings, without the additions that say nothing."""
    if is_dataclass(declared):
        return {
            each.name: content_of(value)
            for each in fields(declared)
            if (value := getattr(declared, each.name)) != each.default or not each.metadata.get("added")
        }
    if isinstance(declared, tuple):
        return [content_of(item) for item in declared]
    if isinstance(declared, Mapping):
        return {key: content_of(value) for key, value in declared.items()}
    return declared
