"""Settings of the one-process server: environment variables with the prefix TANDEM_."""

from __future__ import annotations

from typing import TypeVar

from pydantic import Field, SecretStr

from services.orchestrator.domain.policy_state import Approving
from shared.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)


class LocalSettings(ServiceSettings):
    """On MongoDB every service has its own database: MONGO_DATABASE is what their names begin with."""

    tracking_secret: SecretStr | None = Field(
        None, description="signs tracking tokens; without it one is made up once and kept in the store"
    )
    request_retention_days: float = Field(
        30, description="a repeated request is answered as before for so long; then its answer is deleted", gt=0
    )
    retention_sweep_seconds: float = Field(
        3600, description="how often what is past its retention is looked for and deleted, about", gt=0
    )
    trigger_retention_days: float = Field(
        30, description="what fired can be asked for so long; an event of ObserveEvents counts once for so long", gt=0
    )
    trigger_lease_seconds: float = Field(
        10, description="after a crash another process works through triggers when so long has passed", ge=0.5
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


def stored_like(kind: type[S], service: str, settings: LocalSettings) -> S:
    """The settings of one of the services, with its state where the one process keeps it."""
    return kind(
        store=settings.store,
        data_dir=settings.data_dir,
        mongo_uri=settings.mongo_uri,
        mongo_database=f"{settings.mongo_database}_{service}",
    )
