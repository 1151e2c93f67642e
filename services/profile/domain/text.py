"""One form of Unicode text: what looks the same is the same.

Canonical composition (NFC), as RFC 6532 asks of mail addresses and RFC 5198 of text on the net. Not the compatibility
forms (NFKC): RFC 6532 advises against them for addresses, where they would make one of people who are two.
"""

from __future__ import annotations

from unicodedata import normalize


def composed(text: str) -> str:
    return text if text.isascii() else normalize("NFC", text)


def decomposed(text: str) -> str:
    """The same text as some systems write it, such as the file names of macOS."""
    return text if text.isascii() else normalize("NFD", text)


def lower_cased(text: str) -> str:
    return composed(composed(text).lower())
