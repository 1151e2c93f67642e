"""Public holidays, from the package that is locked with the program: every replica knows the same ones.

A holiday that the law moves to another day, because it falls on a weekend, is one on both days.
"""

from __future__ import annotations

import importlib
from datetime import date
from functools import cache, lru_cache
from types import ModuleType

_MAX_KEPT = 5_000
"""Years of countries and their parts."""


def is_country(code: str) -> bool:
    """Whether the holidays of a country are known, by its ISO 3166 code, as DE."""
    return code in countries()


def is_subdivision(country: str, code: str) -> bool:
    """Whether a part of a country is known, by the second half of its ISO 3166-2 code, as BY."""
    return code in countries().get(country, ())


@cache
def countries() -> dict[str, frozenset[str]]:
    """Codes of countries, each with those of its parts."""
    listed = _package().list_supported_countries(include_aliases=False)
    return {country: frozenset(parts) for country, parts in listed.items()}


@lru_cache(maxsize=_MAX_KEPT)
def public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    """Of one year; without a subdivision those of the whole country. Raises ValueError for what is not known."""
    if not is_country(country) or (subdivision and not is_subdivision(country, subdivision)):
        raise ValueError(f"no holidays are known of {country!r} {subdivision!r}")
    found = _package().country_holidays(country, subdiv=subdivision or None, years=year)
    return frozenset(day for day in found if day.year == year)


@cache
def _package() -> ModuleType:
    """Imported when it is needed: it takes longer than everything else at start."""
    return importlib.import_module("holidays")
