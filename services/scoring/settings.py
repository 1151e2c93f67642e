"""The settings of the scoring service: TANDEM_SCORING_*."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.scoring.app.health_watch import Watchfulness
from services.scoring.domain.health.bounds import Bounds
from shared.settings import Address, OptionalAddress, ServiceSettings


class ScoringSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TANDEM_SCORING_", frozen=True, extra="forbid")

    listen_address: Address = "127.0.0.1:50063"
    metrics_address: OptionalAddress = "127.0.0.1:9463"
    mongo_database: str = Field("tandem_scoring", description="MongoDB database name", min_length=1, max_length=63)
    snapshot_rewards: int = Field(10_000, description="a model snapshot is written every so many rewards", ge=1)
    follow_seconds: float = Field(1.0, description="how often rewards of other replicas are looked for", gt=0, le=5)
    health_seconds: float = Field(60.0, description="how often the models in use are looked after", ge=1, le=86_400)
    health_window: int = Field(
        10_000, description="presentations of an objective that its health and roll-back look at", ge=100, le=100_000
    )
    roll_back: bool = Field(True, description="a champion that breaks a bound gives way to the one before it")
    roll_back_presentations: int = Field(
        1_000, description="a bound is looked at from so many matured presentations since the activation on", ge=100
    )
    roll_back_maturity_seconds: float = Field(
        3_600,
        description="a presentation is matured when it is so old, where its objective has no window of its own",
        ge=0,
    )
    roll_back_calibration_z: float = Field(
        4.0, description="calibration breaks beyond so many standard deviations and outside the ratios", gt=0
    )
    roll_back_least_ratio: float = Field(0.8, description="least rewards per predicted reward", ge=0, le=1)
    roll_back_most_ratio: float = Field(1.25, description="most rewards per predicted reward", ge=1)
    roll_back_loss_errors: float = Field(
        3.0,
        description="quality breaks where log loss exceeds the former champion's by so many standard errors ...",
        gt=0,
    )
    roll_back_loss_share: float = Field(0.01, description="... and by this share of it", ge=0)

    dask_scheduler: str = Field(
        "", description="trainings of base models use the workers of this Dask cluster, such as tcp://10.0.0.1:8786"
    )

    @property
    def watchfulness(self) -> Watchfulness:
        bounds = Bounds(
            least_presentations=self.roll_back_presentations,
            maturity_ms=int(self.roll_back_maturity_seconds * 1_000),
            calibration_z=self.roll_back_calibration_z,
            least_ratio=self.roll_back_least_ratio,
            most_ratio=self.roll_back_most_ratio,
            loss_errors=self.roll_back_loss_errors,
            loss_share=self.roll_back_loss_share,
        )
        return Watchfulness(self.health_seconds, self.health_window, self.roll_back, bounds)
