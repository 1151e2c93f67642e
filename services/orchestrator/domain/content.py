"""Texts of treatments: which locale, and slots like {{first_name|there}} filled from what is known of the person."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from services.orchestrator.domain.text_limits import NO_LIMITS, TextLimits
from shared.values import NOT_FOUND, Feature, Scalar, Value

_SLOT = re.compile(r"\{\{\s*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\s*(?:\|([^{}]*))?\}\}")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a text for an attribute. Without a default, a missing attribute leaves nothing."""

    name: str
    default: str | None


@lru_cache(maxsize=8_192)
def parse_template(text: str) -> tuple[str | Slot, ...]:
    """The text as alternating plain pieces and slots."""
    pieces: list[str | Slot] = []
    end = 0
    for match in _SLOT.finditer(text):
        default = match.group(2)
        pieces += [text[end : match.start()], Slot(match.group(1), None if default is None else default.strip())]
        end = match.end()
    return (*pieces, text[end:])


def slots(text: str) -> tuple[Slot, ...]:
    """The slots of a text, in order."""
    return tuple(piece for piece in parse_template(text) if isinstance(piece, Slot))


def render(
    texts: Mapping[str, str], features: Mapping[str, Feature], locale: str, limits: TextLimits = NO_LIMITS
) -> dict[str, str]:
    """The parts of one treatment with their slots filled.

    Nothing is cut. A part that a value makes longer than the channel carries, or gives a character the channel lacks,
    takes its defaults instead: those were found to fit when the policy was published.
    """
    return {part: _render_part(part, text, features, locale, limits) for part, text in texts.items()}


def _render_part(part: str, text: str, features: Mapping[str, Feature], locale: str, limits: TextLimits) -> str:
    filled = fill(text, lambda slot: _known_text(features.get(slot.name, NOT_FOUND), locale))
    return filled if limits.fits(part, filled) else fill(text, lambda _: None)


def fill(text: str, text_of: Callable[[Slot], str | None]) -> str:
    """The text with every slot replaced by `text_of` it, or by its default where that is None."""
    return "".join(piece if isinstance(piece, str) else _slot_text(piece, text_of) for piece in parse_template(text))


def _slot_text(slot: Slot, text_of: Callable[[Slot], str | None]) -> str:
    text = text_of(slot)
    return text if text is not None else slot.default or ""


def _known_text(feature: Feature, locale: str) -> str | None:
    return value_text(feature.value, locale) if feature.is_known else None


@dataclass(frozen=True, slots=True)
class _Spelling:
    yes: str
    no: str
    decimal_sign: str
    date_format: str


_SPELLINGS = {
    "fr": _Spelling("oui", "non", ",", "%d/%m/%Y"),
    "en": _Spelling("yes", "no", ".", "%Y-%m-%d"),
    "de": _Spelling("ja", "nein", ",", "%d.%m.%Y"),
    "es": _Spelling("sí", "no", ",", "%d/%m/%Y"),
    "it": _Spelling("sì", "no", ",", "%d/%m/%Y"),
}


def value_text(value: Value, locale: str) -> str:
    """A value as a reader of the locale expects it: at most two decimals, dates without time, lists with commas.

    White space becomes single spaces, so that no value can break a line of a header or a message.
    """
    spelling = _SPELLINGS.get(_language(locale), _SPELLINGS["en"])
    elements: Sequence[Scalar] = value if isinstance(value, tuple) else () if value is None else (value,)
    return ", ".join(_scalar_text(element, spelling) for element in elements)


def _scalar_text(value: Scalar, spelling: _Spelling) -> str:
    if isinstance(value, bool):
        return spelling.yes if value else spelling.no
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", spelling.decimal_sign)
    if isinstance(value, datetime):
        return value.strftime(spelling.date_format)
    return " ".join(str(value).split())


def negotiate_locale(requested: str, available: Sequence[str], default: str) -> str:
    """The available locale nearest to the requested one (BCP 47 lookup, RFC 4647 section 3.4).

    First the request itself, shortened subtag by subtag; then any locale of its language; then the default; then the
    first available. Empty only when nothing is available.
    """
    by_tag = {_normal(tag): tag for tag in reversed(available)}
    wanted = _normal(requested)
    while wanted:
        if wanted in by_tag:
            return by_tag[wanted]
        wanted = wanted.rpartition("-")[0]
    same_language = (tag for tag in available if requested and _language(tag) == _language(requested))
    return next(same_language, by_tag.get(_normal(default), available[0] if available else ""))


def _normal(tag: str) -> str:
    return tag.replace("_", "-").lower()


def _language(tag: str) -> str:
    return _normal(tag).partition("-")[0]
