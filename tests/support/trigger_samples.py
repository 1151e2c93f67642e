"""Typical triggers, as a shop, a mailer or a call centre declares them."""

from __future__ import annotations

from services.rules.domain.rule_set import AttributeDeclaration, EventTypeDeclaration, RuleSet
from services.rules.domain.triggers.declaration import (
    Emit,
    EventMatch,
    Pattern,
    PatternKind,
    Schedule,
    SetTrait,
    Trigger,
)
from shared.values import AttributeType

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BOOL, INT, DOUBLE, STRING = AttributeType.BOOL, AttributeType.INT, AttributeType.DOUBLE, AttributeType.STRING

ATTRIBUTES = (
    AttributeDeclaration("first_name", STRING),
    AttributeDeclaration("birth_date", AttributeType.TIMESTAMP, immutable=True),
    AttributeDeclaration("contract_end", AttributeType.TIMESTAMP),
    AttributeDeclaration("open_balance", DOUBLE),
    AttributeDeclaration("payment_risk", STRING, allowed=("low", "high")),
    AttributeDeclaration("loyalty_tier", STRING),
)
EVENT_TYPES = (
    EventTypeDeclaration("page_view", {"page": STRING}),
    EventTypeDeclaration("renewal", {}),
    EventTypeDeclaration("cart_add", {"sku": STRING, "price": DOUBLE}),
    EventTypeDeclaration("purchase", {"total": DOUBLE}),
    EventTypeDeclaration("mail_sent", {"message_id": STRING, "campaign": STRING}),
    EventTypeDeclaration("mail_opened", {"message_id": STRING}),
    EventTypeDeclaration("payment_failed", {"amount": DOUBLE}),
    EventTypeDeclaration("product_view", {"sku": STRING, "in_stock": BOOL}),
    EventTypeDeclaration("stock_change", {"article": STRING, "quantity": INT}),
    EventTypeDeclaration("beacon_enter", {"zone": STRING, "store": STRING}),
    EventTypeDeclaration("social_mention", {"brand": STRING, "topics": AttributeType.STRING_LIST, "handle": STRING}),
)

TERMS_WITHOUT_RENEWAL = Trigger(
    "terms_without_renewal",
    Pattern(
        PatternKind.ANY,
        (EventMatch("page_view", 'event.page == "terms"'),),
        absent=EventMatch("renewal"),
        absent_ms=2 * DAY_MS,
        restarts=True,
    ),
    (Emit("call_centre", {"name": "first_name", "page": "event.page"}),),
    condition="days_since(contract_end) >= -60",
)
CART_WITHOUT_PURCHASE = Trigger(
    "cart_without_purchase",
    Pattern(
        PatternKind.COUNT,
        (EventMatch("cart_add"),),
        within_ms=HOUR_MS,
        at_least=3,
        absent=EventMatch("purchase"),
        absent_ms=HOUR_MS,
    ),
    (Emit("cart_reminder", {"last_sku": "event.sku"}),),
    cooldown_ms=DAY_MS,
)
MAIL_NOT_OPENED = Trigger(
    "mail_not_opened",
    Pattern(
        PatternKind.ANY,
        (EventMatch("mail_sent"),),
        join="message_id",
        absent=EventMatch("mail_opened"),
        absent_ms=2 * DAY_MS,
    ),
    (Emit("try_another_channel", {"message": "event.message_id", "campaign": "event.campaign"}),),
)
BAD_PAYER = Trigger(
    "bad_payer",
    Pattern(PatternKind.COUNT, (EventMatch("payment_failed"),), within_ms=90 * DAY_MS, at_least=2),
    (SetTrait("payment_risk", '"high"'),),
)
BAD_PAYER_ALERT = Trigger(
    "bad_payer_alert",
    Pattern(PatternKind.ANY, (EventMatch("payment_failed"),)),
    (Emit("stop_credit", {"amount": "event.amount", "balance": "open_balance + event.amount"}),),
    condition='payment_risk == "high" && open_balance > 100.0',
)
BACK_IN_STOCK = Trigger(
    "back_in_stock",
    Pattern(
        PatternKind.SEQUENCE,
        (
            EventMatch("product_view", "!event.in_stock"),
            EventMatch("stock_change", "event.quantity > 0", by_anyone=True, join_property="article"),
        ),
        within_ms=30 * DAY_MS,
        join="sku",
    ),
    (Emit("back_in_stock", {"sku": "event.article"}),),
)
BIRTHDAY = Trigger(
    "birthday",
    Schedule("09:00", time_zone="Europe/Paris"),
    (Emit("birthday_greeting", {"name": "first_name"}),),
    condition="birth_date.getMonth() == now().getMonth('Europe/Paris') "
    "&& birth_date.getDate() == now().getDate('Europe/Paris')",
)
ENTERED_SHOP = Trigger(
    "entered_shop",
    Pattern(PatternKind.ANY, (EventMatch("beacon_enter", 'event.zone == "entrance"'),)),
    (Emit("welcome", {"store": "event.store", "tier": "loyalty_tier"}),),
    cooldown_ms=4 * HOUR_MS,
)
SOCIAL_MENTION = Trigger(
    "social_mention",
    Pattern(
        PatternKind.ANY,
        (EventMatch("social_mention", 'event.brand == "boutique" || event.topics.exists(t, t.startsWith("fashion"))'),),
    ),
    (Emit("social_listening", {"handle": "event.handle"}),),
)

TRIGGERS = (
    TERMS_WITHOUT_RENEWAL,
    CART_WITHOUT_PURCHASE,
    MAIL_NOT_OPENED,
    BAD_PAYER,
    BAD_PAYER_ALERT,
    BACK_IN_STOCK,
    BIRTHDAY,
    ENTERED_SHOP,
    SOCIAL_MENTION,
)


def sample(*triggers: Trigger) -> RuleSet:
    """These triggers, or all of them."""
    return RuleSet(ATTRIBUTES, event_types=EVENT_TYPES, triggers=triggers or TRIGGERS)
