"""Attribute values within what is stored.

msgspec decodes no union of str and datetime, which msgpack itself tells apart; so the decoder is told "anything", and
what it makes of a list (a list, not a tuple) has to be turned back by `restored`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.values import Value

if TYPE_CHECKING:
    StoredValue = Value
else:
    StoredValue = Any


def is_raw(value: Any) -> bool:
    """Whether a decoded value differs from what was encoded."""
    return type(value) is list


def restored(value: Any) -> Value:
    """A raw value as it was before it was encoded."""
    return tuple(value)
