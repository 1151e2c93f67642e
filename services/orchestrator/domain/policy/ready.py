"""Ready aggregates, each nothing but an ordinary declaration, in the packages that `use:` takes.

They expect these events; another name of an event or a property is said where a package is used:

    purchase     amount (number), category, brand, sku, payment_method, promotion (texts)
    return       sku (text)
    view         category, brand (texts)
    engagement   channel (text): a click, a visit, an opened message
"""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.domain.policy_parts import AggregatePart
from shared.clock import MS_PER_DAY
from shared.values import AttributeType

_TEXT = AttributeType.STRING
_FAVOURITES = 5

PACKAGES: Mapping[str, tuple[AggregatePart, ...]] = {
    "rfm": (
        AggregatePart("recency", "purchase", "DAYS_SINCE_LAST"),
        AggregatePart("frequency", "purchase", "COUNT"),
        AggregatePart("monetary", "purchase", "SUM", "amount"),
        AggregatePart("tenure", "purchase", "DAYS_SINCE_FIRST"),
    ),
    "basket": (
        AggregatePart("average_order_value", "purchase", "MEAN", "amount"),
        AggregatePart("largest_order_value", "purchase", "MAX", "amount"),
        AggregatePart(
            "promotion_share",
            "purchase",
            "SHARE",
            condition="event.promotion != ''",
            properties=(("promotion", _TEXT),),
        ),
        AggregatePart("payment_methods", "purchase", "TOP_K", "payment_method", k=_FAVOURITES),
        AggregatePart("last_payment_method", "purchase", "LAST", "payment_method", type=_TEXT),
    ),
    "affinity": (
        AggregatePart("top_categories", "purchase", "TOP_K", "category", k=_FAVOURITES),
        AggregatePart("top_brands", "purchase", "TOP_K", "brand", k=_FAVOURITES),
        AggregatePart("viewed_categories", "view", "TOP_K", "category", window_ms=90 * MS_PER_DAY, k=_FAVOURITES),
        AggregatePart("viewed_brands", "view", "TOP_K", "brand", window_ms=90 * MS_PER_DAY, k=_FAVOURITES),
    ),
    "engagement": (
        AggregatePart("engagement_rate", "engagement", "DECAYED_RATE", half_life_ms=30 * MS_PER_DAY),
        AggregatePart("engagement_recency", "engagement", "DAYS_SINCE_LAST"),
        AggregatePart("engaged_channels", "engagement", "TOP_K", "channel", window_ms=90 * MS_PER_DAY, k=_FAVOURITES),
        AggregatePart("best_hour", "engagement", "BEST_HOUR", window_ms=365 * MS_PER_DAY),
        AggregatePart("hours_of_week", "engagement", "HOUR_OF_WEEK", window_ms=365 * MS_PER_DAY),
    ),
    "owned": (AggregatePart("owned_products", "purchase", "OWNED", "sku", returned_event="return"),),
}

READY: Mapping[str, AggregatePart] = {part.name: part for parts in PACKAGES.values() for part in parts}
