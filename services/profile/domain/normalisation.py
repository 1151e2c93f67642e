"""How the values of a namespace become equal when they mean the same. Every form of a form is itself.

Values are trimmed in any case. Where a schema says nothing of a namespace its values are not refused for their form:
`usual_form` makes equal what is clearly the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum

import phonenumbers

MAX_ADDRESS_LENGTH = 254
"""RFC 5321, section 4.5.3.1.3."""

_ADDRESS = re.compile(r"[^@\s]+@([^@\s.]+\.)+[^@\s.]{2,}")
_NUMBER = re.compile(r"(?:tel:)?[+\uff0b\d\s().\-\u2010-\u2015/]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Normalisation(IntEnum):
    """Numbers are those of tandem.profile.v1.Normalisation."""

    UNSPECIFIED = 0
    TRIMMED = 1
    LOWER_CASE = 2
    EMAIL = 3
    E164 = 4
    SHA256 = 5


def normal_form(value: str, normalisation: Normalisation, region: str) -> str:
    """Raises ValueError that says what the value must be."""
    return _FORMS[normalisation](value.strip(), region)


def usual_form(value: str, namespace: str) -> str:
    """The form of a value whose namespace declares none: an e-mail address in lower case, a telephone number with its
    country as E.164; what is neither, as it is.
    """
    value = value.strip()
    if namespace == "email":
        return value.lower().strip()
    if namespace == "phone" and value.startswith(("+", "00")):
        try:
            return _e164(value, "")
        except ValueError:
            return value
    return value


def is_region(code: str) -> bool:
    """Whether telephone numbers of the ISO 3166 region are known."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _trimmed(value: str, _: str) -> str:
    return value


def _lower_case(value: str, _: str) -> str:
    return value.lower().strip()


def _email(value: str, _: str) -> str:
    address = value.lower().strip()
    if len(address) > MAX_ADDRESS_LENGTH or not _ADDRESS.fullmatch(address):
        raise ValueError("an e-mail address")
    return address


def _e164(value: str, region: str) -> str:
    """Possible numbers pass, assigned or not: blocks are assigned every month, and a customer's must not be refused
    because a list in here is older. Extensions and remarks do not: who shares a switchboard is not one person.
    """
    international = f"+{value[2:]}" if value.startswith("00") else value
    try:
        number = phonenumbers.parse(international, region or None) if _NUMBER.fullmatch(value) else None
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        place = f"a telephone number of {region} or one" if region else "a telephone number"
        raise ValueError(f"{place} with its country, such as +33612345678, and nothing else")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _sha256(value: str, _: str) -> str:
    digest = value.lower()
    if not _SHA256.fullmatch(digest):
        raise ValueError("a SHA-256 hash of 64 hexadecimal digits")
    return digest


_FORMS: Mapping[Normalisation, Callable[[str, str], str]] = {
    Normalisation.TRIMMED: _trimmed,
    Normalisation.LOWER_CASE: _lower_case,
    Normalisation.EMAIL: _email,
    Normalisation.E164: _e164,
    Normalisation.SHA256: _sha256,
}
