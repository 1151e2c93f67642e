"""How long a text may be on a channel, and which characters it may use.

GSM-7 is the alphabet of a text message (3GPP TS 23.038, section 6.2.1): 160 septets fit one message. A character of the
extension table travels behind an escape and counts two. Everywhere else a text counts the characters of its NFC form.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Charset(StrEnum):
    """The alphabet of a channel."""

    UNICODE = "UNICODE"
    GSM_7 = "GSM-7"


@dataclass(frozen=True, slots=True)
class TextLimits:
    """The greatest length of each part; parts without an entry may be of any length."""

    max_lengths: Mapping[str, int] = field(default_factory=dict)
    charset: Charset = Charset.UNICODE

    def fits(self, part: str, text: str) -> bool:
        """Whether the channel can carry the text as this part."""
        if foreign_character(text, self.charset) is not None:
            return False
        limit = self.max_lengths.get(part)
        return limit is None or text_length(text, self.charset) <= limit


NO_LIMITS = TextLimits()

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklm"
    "nopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")


def text_length(text: str, charset: Charset) -> int:
    """Length in the units a limit counts: septets for GSM-7, NFC characters otherwise."""
    normal = unicodedata.normalize("NFC", text)
    if charset is Charset.GSM_7:
        return len(normal) + sum(character in _GSM_EXTENSION for character in normal)
    return len(normal)


def foreign_character(text: str, charset: Charset) -> tuple[int, str] | None:
    """The first character the alphabet lacks, with its position from 1; None when there is none."""
    if charset is Charset.UNICODE:
        return None
    for position, character in enumerate(unicodedata.normalize("NFC", text), start=1):
        if character not in _GSM_BASIC and character not in _GSM_EXTENSION:
            return position, character
    return None
