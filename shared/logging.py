"""One JSON object per line on stderr, each with the id of the request it belongs to.

Fields of our own come by `extra={"fields": {...}}`. No payload, trait or identity is ever one of them.
"""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from typing import Any

import msgspec

from shared.clock import to_datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the call being served; empty outside calls. Set by the server, propagated by the channel."""

_encode = msgspec.json.Encoder(enc_hook=str).encode


def configure(level: str) -> None:
    """Sends all logs of the process to stderr. For the entry point alone; calling it twice changes the level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("asyncio", "grpc", "pymongo"):
        logging.getLogger(chatty).setLevel(max(root.level, logging.WARNING))


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": to_datetime(int(record.created * 1000)).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            line["request_id"] = current
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["stack"] = self.formatException(record.exc_info)
        return _encode(line).decode()
