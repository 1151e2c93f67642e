"""Identities: how a person is named, in one normal form, so that equal identifiers are equal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.limits import check_name, missing
from services.profile.domain.normalisation import Normalisation, normal_form, usual_form
from services.profile.domain.schema import NamespaceDeclaration
from shared.errors import InvalidArgument

MAX_IDENTITIES = 32
"""Of one subject."""
MAX_IDENTITIES_OF_PROFILE = 1_000
MAX_VALUE_BYTES = 256

KNOWN_NAMESPACES: Mapping[str, bool] = dict.fromkeys(("crm", "customer", "loyalty", "email", "phone"), True)
"""Namespaces that name a customer where the trait schema says nothing else."""

Namespaces = Mapping[str, NamespaceDeclaration]
"""By name, the usual ones included."""

DEFAULT_NAMESPACES: Namespaces = {name: NamespaceDeclaration(name, known) for name, known in KNOWN_NAMESPACES.items()}
"""What is declared where the trait schema says nothing else."""

PROFILE = "profile"
"""The reserved namespace of profile ids."""
LINK_TOKEN = "link_token"  # noqa: S105 - a namespace, no secret
"""The reserved namespace of spent link tokens."""
ERASED = "erased"
"""The reserved namespace of what is kept out after an erasure, under keyed hashes."""
RESERVED_NAMESPACES = frozenset({PROFILE, LINK_TOKEN, ERASED})

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


def namespace_of(key: str) -> str:
    return key.partition(_SEPARATOR)[0]


def profile_key(profile_id: str) -> str:
    """What names a profile by its id."""
    return f"{PROFILE}{_SEPARATOR}{profile_id}"


def identity_of(key: str) -> Identity:
    """The identity a key stands for."""
    namespace, _, value = key.partition(_SEPARATOR)
    return Identity(namespace, value)


def normalise_subject(
    identities: Sequence[Identity], path: str, namespaces: Namespaces = DEFAULT_NAMESPACES
) -> tuple[Identity, ...]:
    """The identity map in normal form, repetitions dropped. Raises InvalidArgument, also where nobody is named."""
    if not identities:
        raise missing(f"{path}.identities")
    if len(identities) > MAX_IDENTITIES:
        raise InvalidArgument.field(f"{path}.identities", f"must be at most {MAX_IDENTITIES}")
    return _without_repetitions(
        normalise(identity, f"{path}.identities[{index}]", namespaces) for index, identity in enumerate(identities)
    )


def normalise(identity: Identity, path: str, namespaces: Namespaces = DEFAULT_NAMESPACES) -> Identity:
    """The namespace in lower case, the value as its namespace is declared. A profile id stays what it is."""
    namespace = identity.namespace.strip().lower()
    check_name(namespace, f"{path}.namespace")
    if namespace in RESERVED_NAMESPACES and namespace != PROFILE:
        raise InvalidArgument.field(f"{path}.namespace", f"{namespace!r} is reserved")
    _check_value(identity.value.strip(), f"{path}.value")
    value = _normal_value(identity.value, namespace, namespaces.get(namespace), f"{path}.value")
    _check_value(value, f"{path}.value")
    return Identity(namespace, value, identity.primary)


def places_of(
    held: Collection[str], identities: Sequence[Identity], normal: Sequence[Identity], namespaces: Namespaces
) -> tuple[int, ...]:
    """Where in an identity map stand those whose keys are `held`. `normal`: the map in normal form."""
    forms: Sequence[Identity] = normal
    if len(normal) != len(identities):  # it repeats some
        forms = [normalise(identity, "", namespaces) for identity in identities]
    return tuple(place for place, identity in enumerate(forms) if identity.key in held)


def _normal_value(value: str, namespace: str, declared: NamespaceDeclaration | None, path: str) -> str:
    if namespace == PROFILE:
        return value.strip()
    if declared is None or declared.normalisation is Normalisation.UNSPECIFIED:
        return usual_form(value, namespace)
    try:
        return normal_form(value, declared.normalisation, declared.default_region)
    except ValueError as wrong:
        raise InvalidArgument.field(path, f"must be {wrong}") from None


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
