"""What schema validators miss in Kubernetes manifests: references between them, and the bar of this project.

`problems(documents)` answers one sentence per defect.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from tests.support.manifests.hardening import hardening_problems
from tests.support.manifests.model import Document, Manifests
from tests.support.manifests.networking import networking_problems
from tests.support.manifests.references import reference_problems
from tests.support.manifests.workloads import workload_problems

__all__ = ["Document", "problems"]

_CHECKS = (reference_problems, networking_problems, workload_problems, hardening_problems)


def problems(documents: Sequence[Document]) -> list[str]:
    manifests = Manifests(tuple(documents))
    return list(chain.from_iterable(check(manifests) for check in _CHECKS))
