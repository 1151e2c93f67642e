"""TLS of both ends of a connection."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import grpc

from shared.net import is_loopback, parse_address
from shared.settings import ServiceSettings

_log = logging.getLogger("tandem.server")


@dataclass(frozen=True, slots=True)
class ClientTls:
    """How a client trusts and shows who it is. Without `ca_file` the system's authorities are trusted."""

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None


def server_credentials(settings: ServiceSettings) -> grpc.ServerCredentials | None:
    """None where TLS is off."""
    if settings.tls_certificate_file is None or settings.tls_key_file is None:
        return None
    pair = (settings.tls_key_file.read_bytes(), settings.tls_certificate_file.read_bytes())
    authorities = _bytes(settings.tls_client_ca_file)
    return grpc.ssl_server_credentials([pair], authorities, require_client_auth=authorities is not None)


def channel_credentials(tls: ClientTls) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(_bytes(tls.ca_file), _bytes(tls.key_file), _bytes(tls.certificate_file))


def say_who_may_call(settings: ServiceSettings) -> None:
    """One line at start-up about what protects the server."""
    host, _ = parse_address(settings.listen_address)
    has_tls = settings.tls_certificate_file is not None
    has_token = settings.token() is not None
    is_checked = has_token or settings.tls_client_ca_file is not None
    if not is_loopback(host) and not (has_tls and is_checked):
        _log.warning("%s is reachable from other machines: %s", host, _exposure(has_tls, has_token))
    elif not has_tls and not has_token:
        _log.info("TLS and token are off (loopback)")
    else:
        _log.info("TLS is %s, callers are %s", "on" if has_tls else "off", "checked" if is_checked else "not checked")


def _exposure(has_tls: bool, has_token: bool) -> str:
    if has_tls:
        return "TLS is on, but anyone may call; set a bearer token or a CA for client certificates"
    if has_token:
        return "TLS is off, so the bearer token and all data travel in the clear"
    return "TLS and token are off, so anyone there may read and write everything"


def _bytes(file: Path | None) -> bytes | None:
    return None if file is None else file.read_bytes()
