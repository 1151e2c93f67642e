"""The version of the project is the one that images and manifests carry."""

from __future__ import annotations

import re
import tomllib

from tests.support.source import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def found(path: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, (ROOT / path).read_text()))


def test_images_carry_the_version_of_the_project() -> None:
    assert found("deploy/docker/Dockerfile", r"ARG VERSION=(\S+)") == {VERSION}


def test_manifests_deploy_the_version_of_the_project() -> None:
    overlay = "deploy/k8s/overlays/production/kustomization.yaml"
    assert found(overlay, r"newTag: ([\w.]+)") == {VERSION}
    assert found(overlay, r"app.kubernetes.io/version: ([\w.]+)") == {VERSION}
