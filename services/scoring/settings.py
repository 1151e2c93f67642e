"""The settings of the scoring service: TANDEM_SCORING_*."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Address, OptionalAddress, ServiceSettings


class ScoringSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TANDEM_SCORING_", frozen=True, extra="forbid")

    listen_address: Address = "127.0.0.1:50063"
    metrics_address: OptionalAddress = "127.0.0.1:9463"
    mongo_database: str = Field("tandem_scoring", description="MongoDB database name", min_length=1, max_length=63)
    snapshot_rewards: int = Field(10_000, description="a model snapshot is written every so many rewards", ge=1)
    follow_seconds: float = Field(1.0, description="how often rewards of other replicas are looked for", gt=0, le=5)
