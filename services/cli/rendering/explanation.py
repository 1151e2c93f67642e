"""What the rules make of one person, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.cli.output import document_of
from services.cli.policy_tests.explanation import Explanation, Fallen
from services.cli.rendering.why_not import because
from services.rules.api.explanations import dropped_to
from services.rules.domain.evaluation import DroppedAction
from shared.clock import to_datetime


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    yield f"at {to_datetime(explanation.at_ms):%Y-%m-%d %H:%M:%S} UTC"
    yield f"segments: {', '.join(explanation.segments) or 'none'}"
    for name in explanation.passed:
        yield f"passes  {name}"
    for each in explanation.fallen:
        yield f"falls   {_name(each.dropped)} at {each.dropped.stage.name}"
        yield f"          {because(dropped_to(each.dropped, ''))}"
        if each.rule_place:
            yield f"          {each.rule_place}"


def explanation_document(explanation: Explanation) -> dict[str, object]:
    """For --json."""
    return {
        "at": to_datetime(explanation.at_ms).isoformat(),
        "segments": list(explanation.segments),
        "passed": list(explanation.passed),
        "dropped": [_document(each) for each in explanation.fallen],
    }


def _document(fallen: Fallen) -> dict[str, Any]:
    """As answers of the rules service have it, with the place of the rule."""
    return {**document_of(dropped_to(fallen.dropped, "")), "rule_place": fallen.rule_place}


def _name(dropped: DroppedAction) -> str:
    return f"{dropped.action} as {dropped.treatment}" if dropped.treatment else dropped.action
