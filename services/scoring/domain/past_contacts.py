"""What a customer was shown before: a list feature that only crosses with actions read.

Each element is a contact, "<milliseconds before the decision> <action>". The list is about pairs of the customer and
an action: as a feature of the customer alone its elements would be labels that never come twice. So neither the layer
nor a forest looks at the list itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.feature_set import CrossDeclaration, CrossKind
from shared.clock import MS_PER_DAY
from shared.values import NOT_FOUND, Feature

Floats = NDArray[np.float64]

PAST_CONTACTS = "contacts.past"
OF_CONTACTS = frozenset({CrossKind.DAYS_SINCE_SHOWN, CrossKind.TIMES_SHOWN})
"""The crosses that read it."""
_MAX_DIGITS = 16


def without_past_contacts(features: Mapping[str, Feature]) -> Mapping[str, Feature]:
    """What is the customer's alone."""
    if PAST_CONTACTS not in features:
        return features
    return {name: feature for name, feature in features.items() if name != PAST_CONTACTS}


def ages_of(features: Mapping[str, Feature], action: str) -> list[int] | None:
    """In milliseconds, ascending; None where it is not known what the customer was shown."""
    feature = features.get(PAST_CONTACTS, NOT_FOUND)
    if not feature.is_known or not isinstance(feature.value, tuple):
        return None
    return sorted(age_ms for age_ms, shown in contacts_in(feature.value) if shown == action)


def contacts_in(elements: Sequence[object]) -> Iterator[tuple[int, str]]:
    """Ages and actions; elements of another form are passed over."""
    for element in elements:
        age, _, action = str(element).partition(" ")
        if age.isascii() and age.isdigit() and len(age) < _MAX_DIGITS:
            yield int(age), action


def crossed(cross: CrossDeclaration, ages_ms: NDArray[Any], ends: NDArray[Any], known: NDArray[np.bool_]) -> Floats:
    """float64[N], of N pairs: `ages_ms` of all, one pair's after another's, each pair's ascending; `ends` intp[N] are
    where each pair's end."""
    starts = np.concatenate(([0], ends[:-1])) if ends.size else ends
    if cross.kind is CrossKind.TIMES_SHOWN:
        before = np.concatenate(([0], np.cumsum(ages_ms < cross.window_ms)))
        found = (before[ends] - before[starts]).astype(np.float64)
    else:
        newest = np.append(ages_ms, 0).astype(np.float64)[starts]
        is_in = (ends > starts) & ((newest < cross.window_ms) if cross.window_ms else True)
        found = np.where(is_in, newest / MS_PER_DAY, np.nan)
    return np.where(known, found, np.nan)
