"""What `serve --apart` runs: the four services with their ordinary settings, told where to find one another."""

from __future__ import annotations

from collections.abc import Mapping

from services.cli.processes.child import ChildPlan

PORTS = {"profile": 50061, "rules": 50062, "scoring": 50063, "orchestrator": 50051}
FRONT = "orchestrator"
METRICS_PORT = 9464


def plans(environ: Mapping[str, str]) -> tuple[ChildPlan, ...]:
    """One per service, the orchestrator last: it calls the others. What `environ` sets wins."""
    addresses = {name: environ.get(variable(name, "LISTEN_ADDRESS"), f"127.0.0.1:{PORTS[name]}") for name in PORTS}
    listening = {variable(name, "LISTEN_ADDRESS"): address for name, address in addresses.items()}
    targets = {variable(FRONT, f"{name}_TARGET"): address for name, address in addresses.items() if name != FRONT}
    targets[variable("rules", "PROFILE_TARGET")] = addresses["profile"]
    settings = {name: value for name, value in (listening | targets).items() if name not in environ}
    return tuple(ChildPlan(name, f"services.{name}", address, settings) for name, address in addresses.items())


def variable(service: str, setting: str) -> str:
    """TANDEM_PROFILE_LISTEN_ADDRESS, ..."""
    return f"TANDEM_{service}_{setting}".upper()
