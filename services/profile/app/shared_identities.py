"""What several people use (a family tablet, an agent's desktop) has a profile of its own, which is no person's."""

from __future__ import annotations

from collections.abc import Collection

from services.profile.domain.identities import namespace_of
from services.profile.domain.identity_rules import IdentityRules
from services.profile.domain.resolution import SHARED_IDENTITY
from shared.errors import FailedPrecondition


def check_person(identities: Collection[str], field: str, rules: IdentityRules) -> None:
    """Raises FailedPrecondition where the profile that holds these is a thing's. `field` named it."""
    if rules.is_thing(identities):
        raise FailedPrecondition(
            SHARED_IDENTITY,
            f"{field}: is what several people use, and nobody's",
            metadata={"field": field, "namespace": namespace_of(next(iter(identities)))},
        )
