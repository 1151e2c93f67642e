"""Values as tokens: what the model sees of one attribute.

    type             tokens (weight)
    bool, string     one per value (1)
    int, double      a bucket, two per doubling (√½), and a signed logarithm (√½ · -4 … 4)
    timestamp        hour and weekday in UTC (√½ each): how long ago is a feature of its own, for no call says "now"
    list             one per distinct element (1/√n), the first MAX_ELEMENTS of them; the empty list is a value
    null, missing, stale    an indicator of the status (1), see `customer`: never a zero

The squared weights of one attribute sum to about 1.
"""

from __future__ import annotations

import math
from datetime import datetime

from services.scoring.domain.hashing import token
from shared.values import Scalar, Value

Token = tuple[int, float]
"""Its 64-bit hash and its weight."""

MAX_ELEMENTS = 64
_HALF = math.sqrt(0.5)
_UNIT = 0.01  # resolution near zero: rates and prices, not only counts
_SPAN = 8.0  # the logarithm of about 30
_MAX_LOG = 4.0  # of about 10^12: a wild number must not outweigh all else


def tokens_of(kind: str, name: str, value: Value) -> list[Token]:
    """The tokens of a known value under a prefix that keeps customers and actions apart."""
    if value is None:
        return [(token(kind, name, "null"), 1.0)]
    if isinstance(value, tuple):
        return _list_tokens(kind, name, value)
    if isinstance(value, datetime):
        return [(token(kind, name, text), _HALF) for text in _moment_texts(value)]
    if isinstance(value, bool | str):
        return [(token(kind, name, _text(value)), 1.0)]
    logarithm = min(max(_log_magnitude(value) / _SPAN, -_MAX_LOG), _MAX_LOG)
    return [(token(kind, name, _text(value)), _HALF), (token(kind, name, "log"), _HALF * logarithm)]


def _list_tokens(kind: str, name: str, elements: tuple[Scalar, ...]) -> list[Token]:
    texts = list(dict.fromkeys(_text(element) for element in elements))[:MAX_ELEMENTS] or ["empty"]
    weight = 1.0 / math.sqrt(len(texts))
    return [(token(kind, name, text), weight) for text in texts]


def _text(value: Scalar) -> str:
    if isinstance(value, str):
        return f"={value}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return " ".join(_moment_texts(value))
    return f"#{_bucket(value)}"


def _bucket(number: float) -> int:
    """Two buckets per doubling, symmetric about zero; no quantiles, so that no data can shift them."""
    return int(2.0 / math.log(2.0) * _log_magnitude(number))


def _log_magnitude(number: float) -> float:
    return math.copysign(math.log1p(min(abs(number), 1e300) / _UNIT), number)


def _moment_texts(moment: datetime) -> tuple[str, str]:
    return f"hour {moment.hour}", f"weekday {moment.weekday()}"
