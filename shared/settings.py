"""Settings: the environment only, read once, checked whole.

Each process has one frozen class with its own prefix. A variable that has the prefix and names no setting is an error:
a misspelt setting would otherwise silently keep its default.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, FilePath, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import StartupError
from shared.net import parse_address

_ANY_PREFIX = "TANDEM_"


class SettingsError(StartupError):
    """One line per wrong variable."""


class StoreKind(StrEnum):
    SQLITE = "sqlite"
    MONGO = "mongo"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def _checked_address(text: str) -> str:
    parse_address(text)
    return text


Address = Annotated[str, AfterValidator(_checked_address)]
"""host:port; port 0 takes a free one. IPv6 hosts in brackets."""
OptionalAddress = Address | Literal["off"]


class ServiceSettings(BaseSettings):
    """What every server process has. Subclasses set `env_prefix` and their own default addresses."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_", frozen=True, extra="forbid")

    other_variables: ClassVar[frozenset[str]] = frozenset()
    """Variables with our prefix that belong to other programs, in full."""

    listen_address: Address = Field("127.0.0.1:50051", description="gRPC, host:port")
    metrics_address: OptionalAddress = Field("127.0.0.1:9464", description="Prometheus over HTTP, host:port or off")
    health_address: OptionalAddress = Field(
        "off", description="gRPC health without TLS or token, for probes of a server that asks for client certificates"
    )
    store: StoreKind = Field(StoreKind.SQLITE, description="where state lives: sqlite or mongo")
    data_dir: Path = Field(Path(".tandem"), description="folder of the SQLite files")
    mongo_uri: SecretStr | None = Field(None, description="MongoDB replica set, for store=mongo")
    mongo_database: str = Field("tandem", description="MongoDB database name", min_length=1, max_length=63)
    tls_certificate_file: FilePath | None = Field(None, description="PEM chain; turns TLS on")
    tls_key_file: FilePath | None = Field(None, description="PEM private key of the certificate")
    tls_client_ca_file: FilePath | None = Field(None, description="PEM; clients must present a certificate of this CA")
    bearer_token: SecretStr | None = Field(None, description="callers must send 'authorization: Bearer <token>'")
    bearer_token_file: FilePath | None = Field(None, description="file that holds the bearer token")
    max_concurrent_rpcs: int = Field(
        128, description="unary calls in flight, and as many streams; more are refused with RESOURCE_EXHAUSTED", ge=1
    )
    max_receive_bytes: int = Field(20 * 2**20, description="largest request", ge=1024)
    max_connection_age_seconds: float = Field(
        0, description="connections are renewed after it, so that clients find new replicas; 0 never", ge=0
    )
    default_deadline_seconds: float = Field(10, description="of unary calls that come without a deadline", gt=0)
    drain_seconds: float = Field(0, description="from NOT_SERVING to refusing calls, at shutdown", ge=0)
    grace_seconds: float = Field(5, description="calls in flight may take this long at shutdown", ge=0)
    reflection: bool = Field(True, description="lists the services to clients that ask")
    log_level: LogLevel = Field(LogLevel.INFO, description="DEBUG also logs every successful call")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """A subclass that only changes a default keeps the meaning."""
        for name, field in cls.model_fields.items():
            inherited = ServiceSettings.model_fields.get(name)
            field.description = field.description or (inherited and inherited.description)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.store is StoreKind.MONGO and self.mongo_uri is None:
            raise ValueError(f"{variable(type(self), 'mongo_uri')} must be set where the store is mongo")
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("a TLS certificate and its key must be set together")
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise ValueError("a CA for client certificates needs a TLS certificate of the server")
        if self.bearer_token is not None and self.bearer_token_file is not None:
            raise ValueError("the bearer token and its file must not both be set")
        return self

    def token(self) -> str | None:
        """The bearer token, from the variable or the file."""
        if self.bearer_token is not None:
            return self.bearer_token.get_secret_value()
        if self.bearer_token_file is not None:
            return self.bearer_token_file.read_text(encoding="utf-8").strip()
        return None


S = TypeVar("S", bound=ServiceSettings)


def load(settings_class: type[S]) -> S:
    """The settings of this process. Raises SettingsError with one readable line per wrong variable."""
    unknown = _unknown_variables(settings_class, os.environ)
    if unknown:
        raise SettingsError("\n".join(unknown))
    try:
        return settings_class()
    except ValidationError as failure:
        raise SettingsError("\n".join(_lines(settings_class, failure))) from None


def print_config(settings: ServiceSettings) -> str:
    """The values in effect, one variable per line with its meaning; secrets hidden."""
    lines = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        shown = "" if value is None else value
        lines.append(f"{variable(type(settings), name)}={shown}  # {field.description}")
    return "\n".join(lines)


def variable(settings_class: type[ServiceSettings], name: str) -> str:
    """The environment variable of a setting."""
    return f"{settings_class.model_config['env_prefix']}{name}".upper()


def environment_without_settings() -> dict[str, str]:
    """What a child process inherits that is told its settings: everything but those of this process."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(_ANY_PREFIX)}


def _unknown_variables(settings_class: type[ServiceSettings], environ: Mapping[str, str]) -> list[str]:
    known = {variable(settings_class, name) for name in settings_class.model_fields}
    prefix = settings_class.model_config["env_prefix"].upper()
    strangers = sorted(
        name
        for name in environ
        if name.upper().startswith(prefix) and name.upper() not in known | settings_class.other_variables
    )
    return [f"{name} is not a setting{_closest(name, known)}" for name in strangers]


def _closest(name: str, known: set[str]) -> str:
    matches = difflib.get_close_matches(name.upper(), sorted(known), n=1)
    return f": did you mean {matches[0]}?" if matches else ""


def _lines(settings_class: type[ServiceSettings], failure: ValidationError) -> list[str]:
    """Without the input: it may be a secret."""
    lines = []
    for error in failure.errors(include_input=False, include_url=False, include_context=False):
        problem = error["msg"].removeprefix("Value error, ")
        lines.append(f"{variable(settings_class, str(error['loc'][0]))}: {problem}" if error["loc"] else problem)
    return list(dict.fromkeys(lines))
