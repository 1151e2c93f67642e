"""Settings of the rules service when it runs alone: environment variables with the prefix TANDEM_RULES_."""

from __future__ import annotations

from pydantic import Field, FilePath
from pydantic_settings import SettingsConfigDict

from shared.settings import Address, OptionalAddress, ServiceSettings


class RulesSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TANDEM_RULES_", frozen=True, extra="forbid")

    listen_address: Address = Field("127.0.0.1:50062", description="gRPC, host:port")
    metrics_address: OptionalAddress = Field("127.0.0.1:9462", description="Prometheus over HTTP, host:port or off")
    mongo_database: str = Field("tandem_rules", description="MongoDB database name", min_length=1, max_length=63)
    profile_target: str = Field("127.0.0.1:50061", description="the profile service, host:port or dns:///name:port")
    services_ca_file: FilePath | None = Field(
        None, description="PEM; turns TLS on towards the profile service and trusts this CA"
    )
    durable_workers: int = Field(
        0, description="processes that run durable-rules, once a policy needs it; 0 for one per core", ge=0, le=256
    )
    durable_deadline_seconds: float = Field(
        2, description="a worker of durable-rules that takes longer for one message is killed", ge=0.1, le=60
    )
    durable_memory_mb: int = Field(
        1024,
        description="address space of one worker of durable-rules; it is replaced when it grows by a quarter of it",
        ge=128,
    )
    trigger_retention_days: float = Field(
        30, description="what fired can be asked for so long; an event of ObserveEvents counts once for so long", gt=0
    )
    trigger_lease_seconds: float = Field(
        10, description="after a crash another replica works through triggers when so long has passed", ge=0.5
    )
