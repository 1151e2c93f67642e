"""ReplayDecision: two answers, compared as they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from typing import Any

from google.protobuf.json_format import MessageToDict
from tandem.orchestrator.v1 import decision_pb2, replay_pb2

from services.orchestrator.api.mapping.answer import response_of
from services.orchestrator.app.replay_decision import Replayed
from services.orchestrator.app.rescore import Rescored
from services.orchestrator.domain.decision import Answer

MAX_PATHS = 100
_MISSING = object()


def differing_fields(recorded: Answer, made: Answer) -> Sequence[str]:
    """Paths, at most 100; none where both are the same byte for byte, but for timing and consistency token."""
    left, right = comparable(recorded), comparable(made)
    if left.SerializeToString(deterministic=True) == right.SerializeToString(deterministic=True):
        return ()
    paths = _differences(_plain(left), _plain(right), "")
    return tuple(islice(paths, MAX_PATHS)) or ("(bytes)",)


def comparable(answer: Answer) -> decision_pb2.DecideResponse:
    """Without what is of the moment of the call."""
    response = response_of(answer)
    response.ClearField("timing")
    response.ClearField("consistency_token")
    return response


def replayed_response(replayed: Replayed) -> replay_pb2.ReplayDecisionResponse:
    return replay_pb2.ReplayDecisionResponse(
        decision_id=replayed.decision_id,
        identical=replayed.is_identical,
        differing_fields=replayed.differing,
        response=comparable(replayed.answer),
        rescored=None if replayed.rescored is None else _rescored(replayed.rescored),
    )


def _rescored(rescored: Rescored) -> replay_pb2.Rescored:
    return replay_pb2.Rescored(
        model_version=rescored.model_version,
        scores=rescored.scores,
        difference=rescored.difference,
        within_tolerance=rescored.is_within_tolerance,
    )


def _plain(message: decision_pb2.DecideResponse) -> Any:
    return MessageToDict(message, preserving_proto_field_name=True)


def _differences(left: Any, right: Any, path: str) -> Iterator[str]:
    """In the order of the left one; what only the right one has comes last."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in [*left, *(name for name in right if name not in left)]:
            inner = f"{path}.{name}" if path else name
            yield from _differences(left.get(name, _MISSING), right.get(name, _MISSING), inner)
    elif isinstance(left, list) and isinstance(right, list):
        for index, (mine, other) in enumerate(zip_longest(left, right, fillvalue=_MISSING)):
            yield from _differences(mine, other, f"{path}[{index}]")
    elif left is _MISSING or right is _MISSING or left != right:
        yield path
