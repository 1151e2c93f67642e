"""Identities: how a person is named, in one normal form, so that equal identifiers are equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.limits import check_name, missing
from shared.errors import InvalidArgument

MAX_IDENTITIES = 32
"""Of one subject."""
MAX_IDENTITIES_OF_PROFILE = 1_000
MAX_VALUE_BYTES = 256

KNOWN_NAMESPACES: Mapping[str, bool] = dict.fromkeys(("crm", "customer", "loyalty", "email", "phone"), True)
"""Namespaces that name a customer where the trait schema says nothing else."""

_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Identity:
    """One identifier. `primary` marks the one a statement is about; it is no part of who is named."""

    namespace: str
    value: str
    primary: bool = False

    @property
    def key(self) -> str:
        """Unique over all profiles: `namespace <unit separator> value`."""
        return f"{self.namespace}{_SEPARATOR}{self.value}"


def identity_of(key: str) -> Identity:
    """The identity a key stands for."""
    namespace, _, value = key.partition(_SEPARATOR)
    return Identity(namespace, value)


def normalise_subject(identities: Sequence[Identity], path: str) -> tuple[Identity, ...]:
    """The identity map in normal form, repetitions dropped. Raises InvalidArgument, also where nobody is named."""
    if not identities:
        raise missing(f"{path}.identities")
    if len(identities) > MAX_IDENTITIES:
        raise InvalidArgument.field(f"{path}.identities", f"must be at most {MAX_IDENTITIES}")
    normal = (normalise(identity, f"{path}.identities[{index}]") for index, identity in enumerate(identities))
    return _without_repetitions(normal)


def normalise(identity: Identity, path: str) -> Identity:
    """Trimmed; the namespace and e-mail addresses in lower case."""
    namespace = identity.namespace.strip().lower()
    check_name(namespace, f"{path}.namespace")
    value = identity.value.strip()
    if namespace == "email":
        value = value.lower()
    _check_value(value, f"{path}.value")
    return Identity(namespace, value, identity.primary)


def primary_of(identities: Sequence[Identity]) -> Identity:
    """The identity a statement is about: the one marked primary, else the first."""
    return next((identity for identity in identities if identity.primary), identities[0])


def is_known(keys: Iterable[str], known_namespaces: Mapping[str, bool]) -> bool:
    """Whether one of the identities names a customer rather than a browser or a device."""
    return any(known_namespaces.get(key.partition(_SEPARATOR)[0], False) for key in keys)


def _check_value(value: str, path: str) -> None:
    if not value:
        raise missing(path)
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise InvalidArgument.field(path, f"must have at most {MAX_VALUE_BYTES} bytes")
    if not value.isprintable():
        raise InvalidArgument.field(path, "must hold printable characters only")


def _without_repetitions(identities: Iterable[Identity]) -> tuple[Identity, ...]:
    """Of two mentions of one identity the primary one stays, at the place of the first."""
    by_key: dict[str, Identity] = {}
    for identity in identities:
        if identity.primary or identity.key not in by_key:
            by_key[identity.key] = identity
    return tuple(by_key.values())
