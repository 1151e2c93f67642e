"""Consistency tokens as text: which store, and how far it had come. Tokens of 0.1 were a time, and are still taken.

<store id>.<number>[.<number>]      e.g. 3f9ac2d15b07e644.1760000000.12
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.clock import MAX_CLOCK_SKEW_MS
from shared.errors import InvalidArgument

FIELD = "consistency_token.value"

_TOKEN = re.compile(r"([0-9a-f]{16})((?:\.[0-9]{1,18}){1,2})")
_OLD_TOKEN = re.compile(r"[0-9]{1,19}")


def token_of(store_id: str, numbers: Sequence[int]) -> str:
    return ".".join([store_id, *map(str, numbers)])


def numbers_of(token: str, store_id: str, count: int) -> tuple[int, ...]:
    """Empty for a token of 0.1, which says nothing to wait for. Raises InvalidArgument."""
    if _OLD_TOKEN.fullmatch(token):
        return ()
    found = _TOKEN.fullmatch(token)
    numbers = tuple(int(number) for number in found[2].split(".")[1:]) if found else ()
    if found is None or (found[1] == store_id and len(numbers) != count):
        raise InvalidArgument.field(FIELD, "is not a token of this service")
    if found[1] != store_id:
        raise InvalidArgument.field(FIELD, "is a token of another store")
    return numbers


def check_not_ahead(token_ms: int, now_ms: int) -> None:
    """Raises InvalidArgument for a time that nothing could have been written at."""
    if token_ms > now_ms + MAX_CLOCK_SKEW_MS:
        raise InvalidArgument.field(FIELD, "is of a time that has not come")
