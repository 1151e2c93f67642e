"""How the models in use change. Every result is the revision after the one it is of."""

from __future__ import annotations

from dataclasses import replace

from services.scoring.domain.models import Assignment, ModelRole


def role_of(model_id: str, assignment: Assignment) -> ModelRole | None:
    """What a model is used for."""
    if model_id == assignment.champion:
        return ModelRole.APPRENTICE if assignment.is_apprentice else ModelRole.CHAMPION
    return ModelRole.CHALLENGER if model_id == assignment.challenger else None


def given(current: Assignment, model_id: str, role: ModelRole, time_ms: int, reason: str) -> Assignment:
    """A model gets a role; a champion that is replaced becomes the challenger and the former one.

    `current` names its champion, be it the model without a base. Raises ValueError where the champion should be tried
    beside itself.
    """
    changed = replace(current, revision=current.revision + 1, change_time_ms=time_ms, reason=reason)
    if role is ModelRole.CHALLENGER:
        if model_id == current.champion:
            raise ValueError("is the champion: make another one the champion, and it becomes the challenger")
        return replace(changed, challenger=model_id)
    is_apprentice = role is ModelRole.APPRENTICE
    if model_id == current.champion:
        return replace(changed, is_apprentice=is_apprentice)
    old = current.champion
    return replace(changed, champion=model_id, is_apprentice=is_apprentice, challenger=old, former=old)


def rolled_back(current: Assignment, time_ms: int, reason: str) -> Assignment:
    """The former champion answers again, and there is none to go back to from it. Raises ValueError without one."""
    if not current.former:
        raise ValueError("there is no former champion")
    return Assignment(
        current.objective, current.revision + 1, champion=current.former, change_time_ms=time_ms, reason=reason
    )
