"""Publishing the features and actions of a policy."""

from __future__ import annotations

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.ports import FeatureSetStore
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.feature_set_check import check_feature_set


async def publish_feature_set(
    request_id: str, feature_set: FeatureSet, store: FeatureSetStore, feature_sets: FeatureSets
) -> str:
    """Checks, stores and compiles it; answers its version. What was learnt before applies to it."""
    check_feature_set(feature_set)
    await store.put(request_id, feature_set)
    await feature_sets.add(feature_set)
    return feature_set.version
