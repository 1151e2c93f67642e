"""ApprovePolicy: somebody stands for a version."""

from __future__ import annotations

from dataclasses import replace

from services.orchestrator.app.policy_life import PolicyLife, PolicySummary, summary_of
from services.orchestrator.app.policy_register import Approval, RegisteredPolicy
from services.orchestrator.app.receipts import earlier_answer, receipt_of
from services.orchestrator.domain.policy_state import Approving, is_same_person
from shared.errors import FailedPrecondition
from shared.ids import content_hash


class ApprovePolicy:
    """The last approval counts: one that was given when less was asked for can be given again by somebody else."""

    RPC = "ApprovePolicy"

    def __init__(self, life: PolicyLife) -> None:
        self._life = life

    async def __call__(self, request_id: str, policy_version: str, approver: str) -> PolicySummary:
        """Raises NotFound (POLICY_NOT_FOUND), FailedPrecondition (AUTHOR_UNKNOWN, APPROVER_IS_AUTHOR), AlreadyExists
        (REQUEST_ID_REUSED), Unavailable."""
        life, body_hash = self._life, content_hash((policy_version, approver))
        earlier = await earlier_answer(life.store, self.RPC, request_id, body_hash, PolicySummary)
        if earlier is not None:
            return earlier
        policy = await life.registered(policy_version)
        if life.approving is Approving.FOUR_EYES:
            _check_eyes(policy, approver)
        approval = Approval(approver, life.clock())
        summary = summary_of(replace(policy, approval=approval), await life.store.active())
        await life.register.approve(policy_version, approval, receipt_of(self.RPC, request_id, body_hash, summary))
        return summary


def _check_eyes(policy: RegisteredPolicy, approver: str) -> None:
    version = policy.policy_version
    if not policy.authors:
        raise FailedPrecondition(
            "AUTHOR_UNKNOWN",
            f"nobody is recorded as the author of policy {version}: publish it again with an author",
            metadata={"policy_version": version},
        )
    author = next((each for each in policy.authors if is_same_person(each, approver)), None)
    if author is not None:
        raise FailedPrecondition(
            "APPROVER_IS_AUTHOR",
            f"approver: {approver} wrote policy {version}: somebody else must approve it",
            metadata={"field": "approver", "policy_version": version, "author": author},
        )
