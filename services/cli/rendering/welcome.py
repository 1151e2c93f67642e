"""What to try once a server is up."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from services.cli.connection import DEFAULT_TARGET

BOUTIQUE = Path(__file__).parents[1] / "samples" / "boutique"
SERVICE = "tandem.orchestrator.v1.OrchestratorService"


@dataclass(frozen=True, slots=True)
class Welcome:
    """Three commands: a generic client, ours, and the metrics."""

    address: str
    metrics_address: str
    """Empty where metrics are off."""
    has_tls: bool = False
    profile_address: str | None = None
    """Where the services are apart."""

    def commands(self) -> tuple[str, ...]:
        target = ("" if self.address == DEFAULT_TARGET else f" --target {self.address}") + " --tls" * self.has_tls
        trust = "-insecure" if self.has_tls else "-plaintext"
        boutique = _relative(BOUTIQUE)
        persona = boutique / "personas" / "lea.yaml"
        profiles = f" --profile-target {self.profile_address}" if self.profile_address else ""
        program = _program()
        decide = f"{program} publish {boutique}{target} && {program} decide --persona {persona}{target}{profiles}"
        metrics = f"curl http://{self.metrics_address}/metrics" if self.metrics_address else "# metrics are off"
        return f"grpcurl {trust} {self.address} describe {SERVICE}", decide, metrics

    def document(self) -> dict[str, object]:
        return {"address": self.address, "metrics_address": self.metrics_address, "try": list(self.commands())}

    def text(self) -> str:
        lines = "\n".join(f"  {command}" for command in self.commands())
        return f"Tandem serves on {self.address}. Try next:\n{lines}\nCtrl-C drains and stops it."


def _program() -> str:
    """As it can be typed here: the environment it is installed in need not be active."""
    return "tandem" if shutil.which("tandem") else str(_relative(Path(sys.executable).parent / "tandem"))


def _relative(path: Path) -> Path:
    """As short as it can be typed from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
