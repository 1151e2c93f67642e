"""Whose signals they are."""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.domain.identities import Identity
from services.profile.domain.identity_rules import IdentityRules


def browser_of(subject: Sequence[Identity], rules: IdentityRules) -> Identity:
    """The primary identity, else the first one that names no customer, else the first."""
    primary = next((identity for identity in subject if identity.primary), None)
    anonymous = (identity for identity in subject if not rules.is_decisive(identity.key))
    return primary or next(anonymous, subject[0])
