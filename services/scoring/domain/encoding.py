"""Values as tokens: what the model sees of one attribute.

    type             tokens (weight)
    bool, string     one per value (1)
    int, double      a bucket, two per doubling (√½), and a signed logarithm (√½ · -4 … 4); of a customer, whose numbers
                     have a standard: the bucket (√0.3) and how far the number is from the usual one (√0.7 · -4 … 4)
    timestamp        hour and weekday in UTC (√½ each): how long ago is a feature of its own, for no call says "now"
    list             one per distinct element (1/√n), the first MAX_ELEMENTS of them; the empty list is a value
    null, missing, stale    an indicator of the status (1), see `customer`: never a zero

The squared weights of one attribute sum to about 1.
"""

from __future__ import annotations

import math
from datetime import datetime

from services.scoring.domain.hashing import token
from services.scoring.domain.standards import Standard, magnitude
from shared.values import Scalar, Value

Token = tuple[int, float]
"""Its 64-bit hash and its weight."""

MAX_ELEMENTS = 64
_HALF = math.sqrt(0.5)
_BUCKET, _AWAY = math.sqrt(0.3), math.sqrt(0.7)
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
    logarithm = min(max(magnitude(value) / _SPAN, -_MAX_LOG), _MAX_LOG)
    return [(token(kind, name, _text(value)), _HALF), (token(kind, name, "log"), _HALF * logarithm)]


def tokens_of_number(kind: str, name: str, number: float, standard: Standard) -> list[Token]:
    """The tokens of a number of which it is known what is usual."""
    return [(token(kind, name, _text(number)), _BUCKET), (token(kind, name, "log"), _AWAY * standard.of(number))]


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
    return int(2.0 / math.log(2.0) * magnitude(number))


def _moment_texts(moment: datetime) -> tuple[str, str]:
    return f"hour {moment.hour}", f"weekday {moment.weekday()}"
