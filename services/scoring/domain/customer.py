"""The customer's side of a call, computed once whatever the number of candidates.

    hashes  (T,) uint64    tokens of the declared features; the first `crossing` ones are of known values
    values  (T,) float64   their weights; the squares sum to about 1

Known values are crossed with what is proposed; status indicators are not: that somebody is unknown says little about
which action suits them, and a crowd of strangers would teach the same thing to twenty crosses at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.scoring.domain.encoding import Token, tokens_of, tokens_of_number
from services.scoring.domain.feature_set import FeatureDeclaration
from services.scoring.domain.hashing import Hashes, Slots, slots, token
from services.scoring.domain.past_contacts import without_past_contacts
from services.scoring.domain.standards import UNKNOWN, Standards, is_number
from shared.errors import InvalidArgument
from shared.values import NOT_FOUND, Feature, FeatureStatus, Value, conform


@dataclass(frozen=True, slots=True)
class Customer:
    hashes: Hashes
    values: npt.NDArray[np.float64]
    slots: Slots
    crossing: int


def read_features(
    declared: tuple[FeatureDeclaration, ...], features: Mapping[str, Feature], path: str = "features"
) -> dict[str, Feature]:
    """Every declared feature as it was read, NOT_FOUND where the caller has none; undeclared ones are left out.

    Raises InvalidArgument, naming the feature, for a value that is not of the declared type.
    """
    return {each.name: _read(each, features.get(each.name, NOT_FOUND), path) for each in declared}


def _read(declared: FeatureDeclaration, feature: Feature, path: str) -> Feature:
    if feature.value is None:
        return feature
    try:
        value = conform(feature.value, declared.type)
    except ValueError as error:
        raise InvalidArgument.field(f'{path}["{declared.name}"]', f"must be {error}") from None
    return feature if value is feature.value else Feature(value, feature.status)


def encode_customer(features: Mapping[str, Feature], standards: Standards) -> Customer:
    """The tokens of features as `read_features` gives them."""
    features = without_past_contacts(features)
    share = 1.0 / math.sqrt(max(len(features), 1))
    known: list[Token] = []
    unknown: list[Token] = []
    for name, feature in features.items():
        if feature.status is FeatureStatus.PRESENT:
            known += tokens_of_feature(name, feature.value, standards)
        else:
            unknown.append((token("status", name, feature.status.name), 1.0))
    both = known + unknown
    hashes = np.fromiter((each[0] for each in both), np.uint64, len(both))
    values = np.fromiter((each[1] for each in both), np.float64, len(both))
    return Customer(hashes, values * share, slots(hashes), len(known))


def tokens_of_feature(name: str, value: Value, standards: Standards) -> list[Token]:
    """Of a known value."""
    if isinstance(value, int | float) and is_number(value):
        return tokens_of_number("customer", name, value, standards.get(name, UNKNOWN))
    return tokens_of("customer", name, value)
