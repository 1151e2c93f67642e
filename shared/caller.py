"""Who makes the call being served, for audit trails. Set by servers, read by use cases."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

INTERNAL = "internal"
"""The caller of what no call asked for: background work."""

_current: ContextVar[Callable[[], str] | None] = ContextVar("tandem_caller", default=None)


def current_caller() -> str:
    """The name in the client's certificate, else the address it called from."""
    tell = _current.get()
    return INTERNAL if tell is None else tell()


def set_caller(tell: Callable[[], str]) -> None:
    """`tell` is asked only by those who want to know."""
    _current.set(tell)
