"""Settings of the orchestrator when it runs alone: environment variables with the prefix TANDEM_ORCHESTRATOR_."""

from __future__ import annotations

from pydantic import Field, FilePath, SecretStr
from pydantic_settings import SettingsConfigDict

from services.orchestrator.domain.policy_state import Approving
from shared.settings import Address, OptionalAddress, ServiceSettings


class OrchestratorSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TANDEM_ORCHESTRATOR_", frozen=True, extra="forbid")

    listen_address: Address = Field("127.0.0.1:50051", description="gRPC, host:port")
    metrics_address: OptionalAddress = Field("127.0.0.1:9464", description="Prometheus over HTTP, host:port or off")
    mongo_database: str = Field("tandem_orchestrator", description="MongoDB database name", min_length=1, max_length=63)
    profile_target: str = Field("127.0.0.1:50061", description="the profile service, host:port or dns:///name:port")
    rules_target: str = Field("127.0.0.1:50062", description="the rules service, likewise")
    scoring_target: str = Field("127.0.0.1:50063", description="the scoring service, likewise")
    services_ca_file: FilePath | None = Field(
        None, description="PEM; turns TLS on towards the other services and trusts this CA"
    )
    tracking_secret: SecretStr | None = Field(
        None, description="signs tracking tokens; without it one is made up once and kept in the store"
    )
    decide_budget_seconds: float = Field(
        2, description="a decision takes no longer, whatever the caller's deadline; late services degrade it", gt=0
    )
    decision_retention_days: float = Field(
        400, description="decisions and their outcomes are deleted when they are older; 0 keeps them for ever", ge=0
    )
    policy_approval: Approving = Field(
        Approving.NONE,
        description="what activating a policy asks for: none; required, an approval; four_eyes, not by its author",
    )
