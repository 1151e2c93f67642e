"""Values, enums and numbers as people read them."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1.stage_pb2 import DropStage
from tandem.common.v1.value_pb2 import FeatureStatus, TypedValue
from tandem.orchestrator.v1.decision_pb2 import NoActionReason

_STATUS_TEXTS = {
    FeatureStatus.FEATURE_STATUS_NOT_FOUND: "never observed",
    FeatureStatus.FEATURE_STATUS_NULL_VALUE: "known to be empty",
}

_NO_ACTION_TEXTS = {
    NoActionReason.NO_ACTION_REASON_NO_CANDIDATE: "no candidate exists for these channels",
    NoActionReason.NO_ACTION_REASON_NOT_ELIGIBLE: "the engagement policy dropped every candidate",
    NoActionReason.NO_ACTION_REASON_NO_CONSENT: "consent is missing for everything that was eligible",
    NoActionReason.NO_ACTION_REASON_BELOW_RESERVE: "silence was drawn, or worth more than the best candidate",
    NoActionReason.NO_ACTION_REASON_EXHAUSTED: "the slots before it took what there was",
    NoActionReason.NO_ACTION_REASON_DEGRADED: "something the decision must know could not be read",
    NoActionReason.NO_ACTION_REASON_NOT_PRICED: "what it would be worth reads something unknown",
    NoActionReason.NO_ACTION_REASON_CONTACT_POLICY: "the contact limits leave no room for what was eligible",
    NoActionReason.NO_ACTION_REASON_CHANNEL: "nothing eligible has a treatment that this placement can show",
    NoActionReason.NO_ACTION_REASON_RANDOMISED_SILENCE: "on purpose, so that what contacts change can be learnt",
    NoActionReason.NO_ACTION_REASON_VOLUME: "no budget, stock or capacity was left for what was eligible",
    NoActionReason.NO_ACTION_REASON_HOLDOUT: "the person is in the control arm that gets no marketing",
    NoActionReason.NO_ACTION_REASON_CONTACT_GAP: "a time without marketing, so that what contacts do can be learnt",
}


_NO_CHANGE_TEXTS = {
    "IMMUTABLE": "only what never changes stands in the way",
    "TOO_MANY": "more than three attributes would have to change",
    "OPAQUE": "no small change was found: an expression cannot be turned round",
    "NEVER": "no values would pass",
    "NOT_SEARCHED": "no small change was looked for: the answer had become too large",
}


def no_change_text(reason: str) -> str:
    """Why there is no small change."""
    return _NO_CHANGE_TEXTS.get(reason, reason)


def stage_name(stage: DropStage) -> str:
    """ELIGIBILITY, CONSENT, ..."""
    return DropStage.Name(stage).removeprefix("DROP_STAGE_")


def no_action_name(reason: NoActionReason) -> str:
    """NO_CONSENT, BELOW_RESERVE, ..."""
    return NoActionReason.Name(reason).removeprefix("NO_ACTION_REASON_")


def no_action_text(reason: NoActionReason) -> str:
    """`NO_CONSENT: consent is missing for everything that was eligible`."""
    text = _NO_ACTION_TEXTS.get(reason)
    return f"{no_action_name(reason)}: {text}" if text else no_action_name(reason)


def value_text(value: TypedValue) -> str:
    """A value as a policy would write it."""
    match value.WhichOneof("kind"):
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "int_value":
            return str(value.int_value)
        case "double_value":
            return f"{value.double_value:g}"
        case "string_value":
            return f'"{value.string_value}"'
        case "timestamp_value":
            return moment_text(value.timestamp_value)
        case "list_value":
            return "[" + ", ".join(value_text(element) for element in value.list_value.values) + "]"
        case _:
            return "null"


def observed_text(value: TypedValue, status: FeatureStatus) -> str:
    """What an attribute held when it was read, or why it held nothing."""
    text = _STATUS_TEXTS.get(status) or value_text(value)
    return f"{text} (stale)" if status == FeatureStatus.FEATURE_STATUS_STALE else text


def moment_text(stamp: Timestamp) -> str:
    """`2026-11-22 10:00:00 UTC`."""
    return f"{stamp.ToDatetime():%Y-%m-%d %H:%M:%S} UTC"


def percent(share: float) -> str:
    """Three significant digits: 0.00384 is `0.384 %`, 1 is `100 %`."""
    return f"{100 * share:.3g} %"


def money(amount: float) -> str:
    """Four significant digits, never in powers of ten: contacts cost fractions of a cent."""
    if amount == 0:
        return "0"
    if abs(amount) >= 100:
        return f"{amount:.2f}"
    return f"{amount:.6f}".rstrip("0").rstrip(".") if abs(amount) < 0.01 else f"{amount:.4g}"


def counted(count: int, thing: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
