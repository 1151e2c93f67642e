"""Settings of the profile service when it runs alone: environment variables with the prefix TANDEM_PROFILE_."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Address, OptionalAddress, ServiceSettings


class ProfileSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TANDEM_PROFILE_", frozen=True, extra="forbid")

    listen_address: Address = Field("127.0.0.1:50061", description="gRPC, host:port")
    metrics_address: OptionalAddress = Field("127.0.0.1:9461", description="Prometheus over HTTP, host:port or off")
    request_retention_days: float = Field(
        30, description="a repeated request is answered as before for so long; then its answer is deleted", gt=0
    )
    retention_sweep_seconds: float = Field(
        3600, description="how often what is past its retention is looked for and deleted, about", gt=0
    )
    mongo_database: str = Field("tandem_profile", description="MongoDB database name", min_length=1, max_length=63)
