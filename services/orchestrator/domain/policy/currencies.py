"""`currencies:` - what others are worth in the policy's own.

currency: EUR
currencies: {USD: 0.92, GBP: 1.17}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from services.orchestrator.domain.policy.fields import Shape, distinct, leaf, optional
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import MapNode, Node
from services.orchestrator.domain.policy.scalars import number, text
from services.orchestrator.domain.policy.shapes import named_shape
from services.orchestrator.domain.policy.words import within

CURRENCIES = "currencies"
MAX_CURRENCIES = 200
CODE_PATTERN = "^[A-Z]{3}$"
MIN_RATE, MAX_RATE = 1e-9, 1e9
RATE = within(number, MIN_RATE, MAX_RATE)
CURRENCIES_SHAPE: Shape = named_shape(
    {"type": "number", "minimum": MIN_RATE, "maximum": MAX_RATE}, {"pattern": CODE_PATTERN}
)


def read_currencies(written: MapNode | None, own: str, findings: Findings) -> Mapping[str, float]:
    """Rates into `own`, by ISO 4217 code."""
    rates: dict[str, float] = {}
    for key, node in distinct(written, findings) if written is not None else ():
        code = optional(leaf(partial(_code, own)), key, findings)
        rate = optional(RATE, node, findings)
        if code is not None and rate is not None:
            rates[code] = rate
    return rates


def _code(own: str, key: Node) -> str:
    code = text(key)
    if not re.fullmatch(CODE_PATTERN, code):
        raise Refused(key.place, f"{code[:80]!r} is no ISO 4217 code such as USD", code="BAD_IDENTIFIER")
    if code == own:
        raise Refused(key.place, f"{code} is the policy's own currency: it needs no rate", code="CONTRADICTION")
    return code
