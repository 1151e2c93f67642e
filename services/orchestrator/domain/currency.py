"""Money of several currencies, in that of the policy. Counted in millionths, so that nothing is lost by adding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from shared.errors import InvalidArgument

MILLIONTHS = 1_000_000
MAX_UNITS = 10**12
"""Of one amount, in the policy's currency."""
_NANOS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Money:
    """ISO 4217 code, whole units, and billionths with the sign of the units."""

    currency_code: str
    units: int
    nanos: int

    @property
    def micros(self) -> int:
        """In millionths; what is smaller is cut off."""
        return self.units * MILLIONTHS + int(self.nanos / 1_000)


@dataclass(frozen=True, slots=True)
class Currencies:
    """Of one policy. `rates`: what one unit of another currency is worth in its own."""

    own: str
    rates: Mapping[str, float] = field(default_factory=dict)
    most = MAX_UNITS * MILLIONTHS

    def millionths(self, money: Money, path: str, quantity: float = 1.0) -> int:
        """Of so much of something, in the policy's currency; rounded once, half to even.

        Raises InvalidArgument of the field: NO_EXCHANGE_RATE, or an amount beyond bounds.
        """
        rate = 1.0 if money.currency_code == self.own else self._rate(money.currency_code, path)
        exact = Fraction(money.units * _NANOS + money.nanos, _NANOS) * _decimal(rate) * _decimal(quantity)
        if abs(exact) > MAX_UNITS:
            raise InvalidArgument.field(path, f"must come to at most {MAX_UNITS:,} {self.own}")
        return round(exact * MILLIONTHS)

    def owed(self, money: Money, path: str, quantity: float = 1.0) -> int:
        """The same of what cannot be below 0: a price, a cost."""
        if money.units < 0 or money.nanos < 0:
            raise InvalidArgument.field(path, "must not be negative")
        return self.millionths(money, path, quantity)

    def _rate(self, code: str, path: str) -> float:
        rate = self.rates.get(code)
        if rate is None:
            message = f"the policy has no exchange rate of {code} into {self.own}: declare it under currencies"
            raise InvalidArgument.field(path, message, reason="NO_EXCHANGE_RATE")
        return rate


def _decimal(number: float) -> Fraction:
    """As it is written: 0.92 is 92 hundredths."""
    return Fraction(repr(number))


def millionths_of(amount: float) -> int:
    """Of an amount in the policy's currency."""
    return round(amount * MILLIONTHS)
