"""Whose statements count where an identity map names several profiles."""

from __future__ import annotations

from services.profile.domain.consents import Consent, all_in_force
from services.profile.domain.resolution import Resolution


def statements_concerning(resolution: Resolution) -> tuple[Consent, ...]:
    """Those of the profile that answers; of profiles that will join it, all; of those that stay apart, refusals.

    So a refusal holds as soon as its identity is named, linked to the person or not.
    """
    own = () if resolution.chosen is None else resolution.chosen.consents
    if not resolution.merged and not resolution.opponents:
        return own
    joining = [each for profile in resolution.merged for each in profile.consents]
    refusals = [each for profile in resolution.opponents for each in profile.consents if each.status.is_refusal]
    return all_in_force((*own, *joining, *refusals))
