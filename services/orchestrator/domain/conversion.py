"""What a person bought, as a shop or another system tells it, and what of it came back.

Money is in millionths of the policy's currency. A reversal is a conversion of its own that names the one it takes from;
its lines say how much of each article came back, and what was paid back for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shared.errors import InvalidArgument

MAX_QUANTITY = 1e9
_ROUNDING = 1e-9
"""Of quantities, which may be lengths or weights."""


@dataclass(frozen=True, slots=True)
class Line:
    """`revenue` and `margin` are of the whole quantity. None in a reversal that was not settled yet: as it was paid."""

    sku: str
    quantity: float
    revenue: int | None = 0
    margin: int | None = 0


@dataclass(frozen=True, slots=True)
class Conversion:
    """`profile_id` is empty for one of nobody's. Lines of a reversal are what came back."""

    conversion_id: str
    profile_id: str
    occurred_time_ms: int
    record_time_ms: int
    lines: tuple[Line, ...] = ()
    order_id: str = ""
    store_id: str = ""
    coupon_code: str = ""
    reverses: str = ""
    """The conversion it takes from; empty for a purchase."""

    @property
    def revenue(self) -> int:
        return sum(line.revenue or 0 for line in self.lines)

    @property
    def margin(self) -> int:
        return sum(line.margin or 0 for line in self.lines)


@dataclass(frozen=True, slots=True)
class Holding:
    """How much of one article somebody has of one purchase, and what it earned."""

    quantity: float
    revenue: int
    margin: int


Basket = Mapping[str, Holding]
"""By sku; what came back whole is not in it."""
_NOTHING = Holding(0.0, 0, 0)


def remaining(bought: Conversion, reversals: Iterable[Conversion]) -> Basket:
    """What is left of a purchase."""
    basket: dict[str, Holding] = {}
    for line in bought.lines:
        basket[line.sku] = _moved(basket.get(line.sku, _NOTHING), line, 1)
    for reversal in reversals:
        for line in reversal.lines:
            basket[line.sku] = _moved(basket.get(line.sku, _NOTHING), line, -1)
    return {sku: held for sku, held in basket.items() if held.quantity > _ROUNDING}


def is_returned(bought: Conversion, reversals: Sequence[Conversion], skus: frozenset[str] | None = None) -> bool:
    """Whether nothing is left of it; of its lines with these skus, where some are named."""
    if not reversals:
        return False
    left = remaining(bought, reversals).keys()
    return not (left if skus is None else left & skus)


def settled(reversal: Conversion, bought: Conversion, earlier: Iterable[Conversion], path: str) -> Conversion:
    """The reversal with what it pays back: as it says, or in proportion to what was paid; without lines, all of it.

    Raises InvalidArgument of a field below `path`: never comes more back, or is more paid back, than is left.
    """
    left = dict(remaining(bought, earlier))
    if not reversal.lines:
        rest = tuple(Line(sku, held.quantity, held.revenue, held.margin) for sku, held in left.items())
        return replace(reversal, lines=rest, profile_id=bought.profile_id)
    lines = []
    for index, wanted in enumerate(reversal.lines):
        held = left.get(wanted.sku, _NOTHING)
        line = _paid_back(wanted, held, f"{path}.lines[{index}]")
        lines.append(line)
        left[line.sku] = _moved(held, line, -1)
    return replace(reversal, lines=tuple(lines), profile_id=bought.profile_id)


def _paid_back(wanted: Line, held: Holding, path: str) -> Line:
    if wanted.quantity > held.quantity + _ROUNDING:
        message = f"{wanted.quantity:g} of {wanted.sku!r} come back, and {held.quantity:g} are left of the purchase"
        raise InvalidArgument.field(f"{path}.quantity", message)
    share = 1.0 if wanted.quantity >= held.quantity - _ROUNDING else wanted.quantity / held.quantity
    revenue = _part(held.revenue, share) if wanted.revenue is None else wanted.revenue
    if revenue > held.revenue:
        raise InvalidArgument.field(f"{path}.net_price", "more would be paid back than was paid")
    margin = _part(held.margin, share) if wanted.margin is None else wanted.margin
    return Line(wanted.sku, wanted.quantity, revenue, margin)


def _part(amount: int, share: float) -> int:
    return amount if share == 1.0 else round(amount * share)


def _moved(held: Holding, line: Line, sign: int) -> Holding:
    return Holding(
        held.quantity + sign * line.quantity,
        held.revenue + sign * (line.revenue or 0),
        held.margin + sign * (line.margin or 0),
    )
