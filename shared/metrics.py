"""Metrics, declared once at module level: four services share one process, and a name is registered once per process.

Labels are bounded: services, methods, codes, declared channels, stages. Never an id.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
from contextlib import AsyncExitStack
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from shared.errors import StartupError
from shared.net import join_address, parse_address

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_RATIOS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_INITIAL_CODES = (
    "OK",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "FAILED_PRECONDITION",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
)
_LAG_INTERVAL_S = 0.5

RPC_STARTED = Counter("tandem_rpc_started_total", "Calls that arrived.", ("service", "method"))
RPC_HANDLED = Counter("tandem_rpc_handled_total", "Calls that ended, by status code.", ("service", "method", "code"))
RPC_SECONDS = Histogram("tandem_rpc_seconds", "Duration of calls.", ("service", "method"), buckets=_SECONDS)
EVENT_LOOP_LAG = Gauge("tandem_event_loop_lag_seconds", "How late the event loop woke up at the last look.")
BUILD_INFO = Gauge("tandem_build_info", "Always 1; the labels tell what runs.", ("version", "python"))

DECISIONS = Counter("tandem_decisions_total", "Placements decided.", ("channel", "result"))
CANDIDATES_DROPPED = Counter("tandem_candidates_dropped_total", "Candidates that fell, by stage.", ("stage",))
DEGRADED_ANSWERS = Counter("tandem_degraded_answers_total", "Answers that did without a dependency.", ("cause",))
CHOICE_PROBABILITY = Histogram(
    "tandem_choice_probability", "Probability with which the chosen action was drawn.", buckets=_RATIOS
)
SCORE = Histogram("tandem_score", "Mean propensity of the chosen action.", buckets=_RATIOS)
MODEL_AGE = Gauge("tandem_model_age_seconds", "Time since the model last learnt.", ("model",))


@dataclass(frozen=True, slots=True)
class RpcSeries:
    """The series of one method."""

    service: str
    method: str
    started: Counter
    seconds: Histogram

    def finish(self, code: str, seconds: float) -> None:
        RPC_HANDLED.labels(self.service, self.method, code).inc()
        self.seconds.observe(seconds)


def rpc_series(service: str, method: str) -> RpcSeries:
    """Creates the series at zero: rate() would miss an error that is the first of its series."""
    for code in _INITIAL_CODES:
        RPC_HANDLED.labels(service, method, code)
    return RpcSeries(service, method, RPC_STARTED.labels(service, method), RPC_SECONDS.labels(service, method))


async def serve_metrics(address: str, stack: AsyncExitStack) -> str:
    """Answers /metrics until the stack closes, and watches the event loop. Returns the address it listens on."""
    bound = start_metrics_server(address, stack)
    BUILD_INFO.labels(_version(), platform.python_version()).set(1)
    watch = asyncio.create_task(_watch_event_loop(), name="event-loop-lag")
    stack.callback(watch.cancel)
    return bound


def start_metrics_server(address: str, stack: AsyncExitStack) -> str:
    """The HTTP server alone, in a thread of its own. Raises StartupError where the address is taken."""
    host, port = parse_address(address)
    try:
        server, _ = start_http_server(port, addr=host)
    except OSError as failure:
        raise StartupError(f"cannot serve metrics on {address}: {failure.strerror}") from failure
    stack.push_async_callback(asyncio.to_thread, _stop, server)
    return join_address(host, server.server_port)


def _stop(server: WSGIServer) -> None:
    server.shutdown()
    server.server_close()


async def _watch_event_loop() -> None:
    loop = asyncio.get_running_loop()
    while True:
        before = loop.time()
        await asyncio.sleep(_LAG_INTERVAL_S)
        EVENT_LOOP_LAG.set(max(0.0, loop.time() - before - _LAG_INTERVAL_S))


def _version() -> str:
    try:
        return importlib.metadata.version("tandem-decisioning")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
