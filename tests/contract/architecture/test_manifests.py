"""The Kubernetes manifests agree with one another and with the server; the checks themselves are tested by defects."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from tests.support.manifests import Document, problems
from tests.support.manifests.defects import DEFECTS
from tests.support.manifests.render import MANIFESTS_SKIPPED, can_render, render

KUBERNETES = Path(__file__).parents[3] / "deploy" / "k8s"
MONITOR = KUBERNETES / "components" / "service-monitor" / "service-monitor.yaml"


@pytest.fixture(scope="module")
def manifests() -> list[Document]:
    """The production overlay, with the optional monitor beside it."""
    if not can_render():
        pytest.skip(f"{MANIFESTS_SKIPPED}: no kubectl with kustomize")
    monitor: Document = yaml.safe_load(MONITOR.read_text())
    return [*render(KUBERNETES / "overlays" / "production"), monitor]


def test_the_production_overlay_has_no_problem(manifests: list[Document]) -> None:
    assert problems(manifests) == []


def test_every_service_is_deployed(manifests: list[Document]) -> None:
    deployed = {document["metadata"]["name"] for document in manifests if document["kind"] == "Deployment"}
    assert deployed == {"tandem-profile", "tandem-rules", "tandem-scoring", "tandem-orchestrator"}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_seeded_defect_is_found(defect: str, manifests: list[Document]) -> None:
    broken = copy.deepcopy(manifests)
    DEFECTS[defect](broken)
    assert problems(broken) != []
