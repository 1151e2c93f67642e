"""What the online layer adds to one candidate's log-odds, by name.

A term belongs to one name, or to two: the action on its channel, a customer's token on an action's token. What two
names have together is shared equally, which is its Shapley value where each of them is either there or not. What no
name has, the layer's own intercept, is what it says of everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.scoring.domain.base_model.columns import ATTRIBUTE_PREFIX, KIN, Shown
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.customer import encode_customer, tokens_of_feature
from services.scoring.domain.encoding import tokens_of
from services.scoring.domain.feature_set import ActionDeclaration
from services.scoring.domain.hashing import token
from services.scoring.domain.past_contacts import without_past_contacts
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.priors import Priors
from services.scoring.domain.terms import Presentation, terms_of
from shared.values import Feature

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learnt:
    """Log-odds. `everybody` and all of `by_name` add up to the mean of `prediction.predict`."""

    everybody: float
    by_name: Mapping[str, float]


def learnt_by_name(posterior: Posterior, compiled: CompiledFeatureSet, shown: Shown, priors: Priors) -> Learnt:
    """`shown` has the features as `read_features` gives them, and an action of the compiled set."""
    where = Presentation(compiled.rows[shown.action.action], shown.channel, shown.placement)
    terms = terms_of(compiled, encode_customer(shown.features, posterior.standards), where, priors)
    effects = posterior.scale_mean[terms.kinds] * terms.factors * posterior.mean[terms.slots]
    everybody, by_name = 0.0, defaultdict[str, float](float)
    for names, effect in zip(names_of_terms(compiled, shown), effects.tolist(), strict=True):
        everybody += 0.0 if names else effect
        for name in names:
            by_name[name] += effect / len(names)
    return Learnt(everybody, by_name)


def names_of_terms(compiled: CompiledFeatureSet, shown: Shown) -> Iterator[Names]:
    """Whose each term of `terms_of` is, in its order."""
    row = compiled.rows[shown.action.action]
    hashes = compiled.token_hashes[compiled.tokens[row]].tolist()
    names = _names_of_tokens(shown.action)
    its = [names.get(hashed, "action") for hashed in hashes]  # else it fills the row up and adds nothing
    features = without_past_contacts(shown.features)
    known = _names_of_features(features)
    unknown = [name for name, feature in features.items() if not feature.is_known]
    yield ()
    yield from (("channel",), ("placement",), ("action", "channel"))
    yield from ((name,) for name in its)
    yield from ((name,) for name in (*known, *unknown))
    yield from ((mine, of_action) for mine in known for of_action in its)


def _names_of_tokens(action: ActionDeclaration) -> Mapping[int, str]:
    names = {token(kin, getattr(action, kin)): kin for kin in KIN}
    for name, value in action.attributes.items():
        names |= {hashed: f"{ATTRIBUTE_PREFIX}{name}" for hashed, _ in tokens_of("attribute", name, value)}
    return names


def _names_of_features(features: Mapping[str, Feature]) -> Sequence[str]:
    """Of each token of a known value, in their order."""
    known = ((name, feature.value) for name, feature in features.items() if feature.is_known)
    return [name for name, value in known for _ in tokens_of_feature(name, value, {})]
