"""Renders a kustomization as `kubectl apply --kustomize` would, without a cluster."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import yaml

from tests.support.manifests.model import Document

MANIFESTS_SKIPPED = "Kubernetes manifests are not tested"


def can_render() -> bool:
    """Whether there is a kubectl that knows kustomize components (Debian's does not)."""
    if shutil.which("kubectl") is None:
        return False
    version = subprocess.run(["kubectl", "version", "--client"], capture_output=True, text=True, check=False)
    return "Kustomize Version" in version.stdout


def render(kustomization: Path) -> list[Document]:
    """The documents of a kustomization. Raises CalledProcessError when it does not build."""
    rendered = subprocess.run(["kubectl", "kustomize", str(kustomization)], capture_output=True, text=True, check=True)
    return [document for document in yaml.safe_load_all(rendered.stdout) if document]
