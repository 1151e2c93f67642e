"""Answers of other services that cannot be read: their fault, whatever it looks like here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Internal, InvalidArgument


@contextmanager
def reading(service: str) -> Iterator[None]:
    """Raises Internal for an answer that names what was never asked about, or holds what is no value."""
    try:
        yield
    except (InvalidArgument, LookupError, ValueError, TypeError, OverflowError) as fault:
        text = f"an answer of the {service} service cannot be read: {fault!r}"
        raise Internal("INTERNAL", text, metadata={"service": service}) from fault
