"""Metrics of the workers, declared once at module level."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)

RESTARTS = Counter("tandem_rules_durable_restarts_total", "Workers of durable-rules that ended, by cause.", ("cause",))
MESSAGES = Counter("tandem_rules_durable_messages_total", "Messages for durable-rules, by result.", ("result",))
MATCH_SECONDS = Histogram(
    "tandem_rules_durable_match_seconds", "From a request to a worker to its answer.", buckets=_SECONDS
)
WORKER_RSS = Gauge("tandem_rules_durable_rss_bytes", "Memory of a worker of durable-rules.", ("worker",))

for _cause in ("crash", "hang", "engine_error", "killed", "recycled", "not_started"):
    RESTARTS.labels(_cause)
for _result in ("matched", "refused_by_guard", "refused_by_breaker", "unavailable"):
    MESSAGES.labels(_result)
