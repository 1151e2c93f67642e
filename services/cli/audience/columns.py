"""The columns of the file, and which kind each is: text, texts, real, whole, yes, time."""

from __future__ import annotations

from collections.abc import Mapping

COLUMNS: Mapping[str, str] = {
    "campaign_id": "text",
    "decision_id": "text",
    "decision_time": "time",
    "policy_version": "text",
    "profile_id": "text",
    "identities": "texts",
    "placement_id": "text",
    "result": "text",
    "reason": "text",
    "rank": "whole",
    "proposition_id": "text",
    "channel": "text",
    "address": "text",
    "issue": "text",
    "group": "text",
    "action": "text",
    "treatment": "text",
    "message_class": "text",
    "locale": "text",
    "content": "text",
    "content_version": "text",
    "tracking_token": "text",
    "reservation_id": "text",
    "consent_ref": "text",
    "send_earliest": "time",
    "send_latest": "time",
    "expire_time": "time",
    "priority": "real",
    "propensity": "real",
    "choice_probability": "real",
    "business_value": "real",
    "cost": "real",
    "degraded": "yes",
}
"""`address` is the identity whose consent permits the contact; `content` is JSON, by part. Else null."""
