"""What servers take of the processor."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.servers import Deployment

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system time of a process, in seconds."""
    # The name of a process may hold blanks: what follows it has none.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_seconds(deployment: Deployment) -> float:
    """Of all servers together."""
    return sum(cpu_s(server.process.pid) for server in deployment.processes.values() if server.process is not None)
