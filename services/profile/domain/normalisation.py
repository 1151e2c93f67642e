"""How the values of a namespace become equal when they mean the same. Every form of a form is itself.

Values are trimmed and in NFC (text.py) in any case. Where a schema says nothing of a namespace its values are not
refused for their form: `usual_form` makes equal what is clearly the same.

The domain of an e-mail address is in Unicode, as people write it and internationalised mail has it (RFC 6531), mapped
by UTS #46. Rejected: punycode, which would have changed the form of most such addresses that were recorded before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum

import idna
import phonenumbers

from services.profile.domain.text import composed, lower_cased

MAX_ADDRESS_LENGTH = 254
"""RFC 5321, section 4.5.3.1.3."""

_ADDRESS = re.compile(r"[^@\s<>]+@([^@\s.<>]+\.)+[^@\s.<>]{2,}")
_MAILTO = re.compile(r"^(?:mailto:\s*)+")
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
    return _FORMS[normalisation](composed(value).strip(), region)


def usual_form(value: str, namespace: str) -> str:
    """The form of a value whose namespace declares none: "email" as EMAIL has it, in lower case where it is no address;
    "phone" as E.164 where it has its country; all others as they are.
    """
    value = composed(value).strip()
    if namespace == "email":
        try:
            return _email(value, "")
        except ValueError:
            return _lower_case(value, "")
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
    return lower_cased(value).strip()


def _email(value: str, _: str) -> str:
    """Also of an address in angle brackets, and of the link to one."""
    name, _, domain = _bare(lower_cased(value).strip()).rpartition("@")
    address = f"{name}@{_unicode_domain(domain)}"
    if not is_address(address):
        raise ValueError("an e-mail address")
    return address


def is_address(value: str) -> bool:
    """Whether it is an e-mail address and nothing else."""
    return len(value) <= MAX_ADDRESS_LENGTH and _ADDRESS.fullmatch(value) is not None


def with_ascii_domain(address: str) -> str:
    """With the domain as the DNS has it; as it is where it has none."""
    name, sign, domain = address.rpartition("@")
    try:
        return address if domain.isascii() else f"{name}{sign}{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return address


def _bare(text: str) -> str:
    while (inner := _unwrapped(text)) != text:
        text = inner
    return text


def _unwrapped(text: str) -> str:
    is_bracketed = text.startswith("<") and text.endswith(">")
    return _MAILTO.sub("", text[1:-1].strip() if is_bracketed else text)


def _unicode_domain(domain: str) -> str:
    """One form of each name; of what is no name under IDNA 2008 the text, in lower case."""
    name = domain.removesuffix(".")
    if name.isascii() and "xn--" not in name:
        return name
    try:
        return idna.decode(idna.encode(name, uts46=True))
    except idna.IDNAError:
        return name


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
