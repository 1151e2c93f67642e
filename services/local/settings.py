"""Settings of the one-process server: environment variables with the prefix TANDEM_."""

from __future__ import annotations

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class LocalSettings(ServiceSettings):
    """On MongoDB every service has its own database: MONGO_DATABASE is what their names begin with."""

    tracking_secret: SecretStr | None = Field(
        None, description="signs tracking tokens; without it one is made up once and kept in the store"
    )
    decide_budget_seconds: float = Field(
        2, description="a decision takes no longer, whatever the caller's deadline; late services degrade it", gt=0
    )
