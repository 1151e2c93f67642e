"""Questions about candidates that differ from subject to subject, as one question with columns for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.app.ports import ScoreQuestion


@dataclass(frozen=True, slots=True)
class JoinedCandidates:
    """`own`: by question the places of its candidates in the columns."""

    actions: tuple[str, ...]
    channels: tuple[str, ...]
    placement_ids: tuple[str, ...]
    own: tuple[tuple[int, ...], ...]


def joined(questions: Sequence[ScoreQuestion]) -> JoinedCandidates:
    """Of one feature set and one catalogue. Every candidate stands once in the columns."""
    names = list(questions[0].action_index)
    places: dict[tuple[int, str, str], int] = {}
    own = tuple(
        tuple(
            places.setdefault(candidate, len(places))
            for candidate in zip(question.actions.tolist(), question.channels, question.placement_ids, strict=True)
        )
        for question in questions
    )
    return JoinedCandidates(
        tuple(names[action] for action, _, _ in places),
        tuple(channel for _, channel, _ in places),
        tuple(placement_id for _, _, placement_id in places),
        own,
    )
