"""A policy in another currency than the one before: money that is recorded is not converted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.orchestrator.domain.policy.folder import policy_files
from services.orchestrator.domain.policy_parts import Finding, Place


def changed_currency(before: str, after: str, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """A warning, where it is declared; at the beginning of the folder where the usual one counts."""
    if before == after:
        return
    message = (
        f"the active policy counts in {before}: what is used of budgets, and conversions, touches, costs and revenue "
        f"that are recorded stay as they are, and count as {after} from then on; what is learnt of pressure begins anew"
    )
    yield Finding(_place(policy_files(files)), "CURRENCY_CHANGED", message, is_error=False)


def _place(files: Mapping[str, bytes]) -> Place:
    for path, content in sorted(files.items()):
        for number, line in enumerate(content.splitlines(), 1):
            if line.startswith(b"currency:"):
                return Place(path, number, 1)
    return Place(min(files), 1, 1)
