"""Policies published and made active from outside."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from tests.support.tandem_client import TIMEOUT_S, TandemClient, fresh


def use_policy(caller: TandemClient, files: Mapping[str, bytes]) -> str:
    """Answers its version."""
    request = pb.PublishPolicyRequest(request_id=fresh("publish"), files=files)
    version: str = caller.orchestrator.PublishPolicy(request, timeout=TIMEOUT_S).policy_version
    activation = pb.ActivatePolicyRequest(request_id=fresh("activate"), policy_version=version)
    caller.orchestrator.ActivatePolicy(activation, timeout=TIMEOUT_S)
    return version
