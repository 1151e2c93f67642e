"""The order of the interceptors, outermost first:

logging -> metrics -> errors -> load -> auth -> deadline (streams: drain) -> decode -> required -> handler

Logging and metrics see statuses, because errors are mapped inside them; a refused caller costs no decoding.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import MethodDescriptor

from shared.rpc.chain import Interceptor, MessageReader, compose
from shared.rpc.context import CallContext
from shared.rpc.interceptors.auth import require_token
from shared.rpc.interceptors.deadline import limit_time
from shared.rpc.interceptors.decode import decode
from shared.rpc.interceptors.drain import Drain
from shared.rpc.interceptors.errors import map_errors
from shared.rpc.interceptors.load import LoadLimit
from shared.rpc.interceptors.logging import log_call
from shared.rpc.interceptors.metrics import measure
from shared.rpc.interceptors.required import checks_required, require_fields
from shared.settings import ServiceSettings


class InterceptorStack:
    """Of one server. Streams have a bound of their own, so that those who follow a log do not shut out decisions."""

    def __init__(self, settings: ServiceSettings, drain: Drain) -> None:
        token = settings.token()
        self._auth: tuple[Interceptor, ...] = (require_token(token),) if token else ()
        self._unary: tuple[Interceptor, ...] = (limit_time(settings.default_deadline_seconds),)
        self._stream: tuple[Interceptor, ...] = (limit_time(None), drain)
        self._unary_load = LoadLimit(settings.max_concurrent_rpcs)
        self._stream_load = LoadLimit(settings.max_concurrent_rpcs)

    def of_unary(self, method: MethodDescriptor, *, answer: object = None) -> list[Interceptor]:
        return [*self._around(method, self._unary_load, self._unary), *_understanding(method, answer)]

    def of_stream(self, method: MethodDescriptor) -> list[Interceptor]:
        return [*self._around(method, self._stream_load, self._stream), *_understanding(method)]

    def of_duplex(self, method: MethodDescriptor, answer: object) -> tuple[list[Interceptor], MessageReader]:
        """Around the call, and what reads each of its messages."""
        return self._around(method, self._stream_load, self._stream), compose(_understanding(method, answer), _as_it_is)

    def _around(self, method: MethodDescriptor, load: LoadLimit, timing: tuple[Interceptor, ...]) -> list[Interceptor]:
        measured = measure(method.containing_service.full_name, method.name)
        return [log_call, measured, map_errors, load, *self._auth, *timing]


def _understanding(method: MethodDescriptor, answer: object = None) -> list[Interceptor]:
    """Bytes to a message that has what it needs, unless `answer` looks after that."""
    request = method.input_type
    return [decode(request)] if checks_required(answer) else [decode(request), require_fields(request)]


async def _as_it_is(message: Any, _: CallContext) -> Any:
    return message
