"""Which presentation a conversion is the success of, where the system that tells of it knows none.

It is the last thing of a matching action that the person was shown within the objective's window. One conversion is one
success: had every presentation in the window been given it, showing more would look like selling more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from services.orchestrator.domain.conversion import Conversion
from shared.values import Value


class MatchKind(IntEnum):
    """What a conversion and an action must have in common."""

    ANY = 1
    """Nothing: whatever the person buys."""
    COUPON = 2
    """The coupon that was redeemed is the action's."""
    SKU = 3
    """Something that was bought is what the action is about."""


@dataclass(frozen=True, slots=True)
class ConversionMatch:
    """`attribute` is the action's, without prefix: one value, or a list of them."""

    kind: MatchKind
    attribute: str = ""

    def is_met(self, conversion: Conversion, attribute: Value) -> bool:
        if self.kind is MatchKind.ANY:
            return True
        if self.kind is MatchKind.COUPON:
            return bool(conversion.coupon_code) and _folded(conversion.coupon_code) in map(_folded, _texts(attribute))
        return bool(self.skus(conversion, attribute))

    def skus(self, conversion: Conversion, attribute: Value) -> frozenset[str] | None:
        """Those lines by which it is met; None where it is the whole purchase."""
        if self.kind is not MatchKind.SKU:
            return None
        return frozenset(_texts(attribute)) & {line.sku for line in conversion.lines}


def _texts(attribute: Value) -> Iterable[str]:
    members = attribute if isinstance(attribute, tuple) else (attribute,)
    return [str(each) for each in members if each is not None]


def _folded(code: str) -> str:
    """Coupons are typed by hand."""
    return code.strip().casefold()
