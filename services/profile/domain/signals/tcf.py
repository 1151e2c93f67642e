"""The core of a TC string: what a person answered in a dialogue of IAB Europe's Transparency and Consent Framework.

Version 2 (TCF 2.0 to 2.3), as "Consent string and vendor list formats v2" describes it: bits, most significant first,
in unpadded base64url:

    Version 6  Created 36  LastUpdated 36  CmpId 12  CmpVersion 12  ConsentScreen 6  ConsentLanguage 12
    VendorListVersion 12  TcfPolicyVersion 6  IsServiceSpecific 1  UseNonStandardTexts 1  SpecialFeatureOptIns 12
    PurposesConsent 24  PurposesLITransparency 24  PurposeOneTreatment 1  PublisherCC 12
    vendor consents, vendor legitimate interests, publisher restrictions: each of its own length

We are no vendor of the framework: vendors and restrictions are walked through, so that a string that was cut is
refused, and not kept. Segments behind the core (after a dot) only have to be base64url.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass

VERSION = 2
PURPOSES = 24
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


class Malformed(ValueError):
    """Says what is wrong with the string."""


@dataclass(frozen=True, slots=True)
class TcString:
    cmp_id: int
    """The consent management platform that asked."""
    vendor_list_version: int
    policy_version: int
    consents: frozenset[int]
    """Purposes, from 1, that the person consented to."""
    legitimate_interests: frozenset[int]
    """Purposes the person was told of and did not object to."""
    asks_for_purpose_1: bool
    """Where the law of the publisher's country asks for no consent to storage, the dialogue does not mention it."""


def decode_tc_string(text: str) -> TcString:
    """Raises Malformed."""
    core, *others = text.split(".")
    if any(_SEGMENT.fullmatch(each) is None for each in others):
        raise Malformed("has a segment that is not base64url")
    bits = _Bits(_bytes(core))
    version = bits.number(6)
    if version != VERSION:
        raise Malformed(f"is of version {version}, not {VERSION}")
    bits.skip(36 + 36)  # Created, LastUpdated
    cmp_id = bits.number(12)
    bits.skip(12 + 6 + 12)  # CmpVersion, ConsentScreen, ConsentLanguage
    vendor_list_version = bits.number(12)
    policy_version = bits.number(6)
    bits.skip(1 + 1 + 12)  # IsServiceSpecific, UseNonStandardTexts, SpecialFeatureOptIns
    consents = bits.numbers_set(PURPOSES)
    legitimate_interests = bits.numbers_set(PURPOSES)
    is_silent_on_purpose_1 = bits.number(1) == 1
    bits.skip(12)  # PublisherCC
    _skip_vendors(bits)
    _skip_vendors(bits)
    _skip_restrictions(bits)
    return TcString(
        cmp_id, vendor_list_version, policy_version, consents, legitimate_interests, not is_silent_on_purpose_1
    )


def _bytes(segment: str) -> bytes:
    if _SEGMENT.fullmatch(segment) is None or len(segment) % 4 == 1:
        raise Malformed("is not base64url")
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _skip_vendors(bits: _Bits) -> None:
    """A bit for each vendor, or the ids and ranges of ids of those that have one."""
    max_vendor_id = bits.number(16)
    if bits.number(1):
        _skip_ranges(bits)
    else:
        bits.skip(max_vendor_id)


def _skip_restrictions(bits: _Bits) -> None:
    for _ in range(bits.number(12)):
        bits.skip(6 + 2)  # purpose, kind
        _skip_ranges(bits)


def _skip_ranges(bits: _Bits) -> None:
    for _ in range(bits.number(12)):
        is_range = bits.number(1)
        first = bits.number(16)
        if is_range and bits.number(16) < first:
            raise Malformed("has a range of vendors that ends before it begins")


class _Bits:
    """Read from the left."""

    def __init__(self, content: bytes) -> None:
        self._whole = int.from_bytes(content, "big")
        self._left = len(content) * 8

    def number(self, width: int) -> int:
        self.skip(width)
        return self._whole >> self._left & (1 << width) - 1

    def numbers_set(self, width: int) -> frozenset[int]:
        """The places, from 1, of the bits that are set."""
        field = self.number(width)
        return frozenset(place for place in range(1, width + 1) if field >> width - place & 1)

    def skip(self, width: int) -> None:
        self._left -= width
        if self._left < 0:
            raise Malformed("is cut off")
