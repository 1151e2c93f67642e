"""The Pod Security Standard `restricted`, and a little more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.support.manifests.model import Document, Manifests, containers, environment, pod, title

_SECRET_NAME = re.compile(r"(PASSWORD|TOKEN|SECRET|URI)$")


def hardening_problems(manifests: Manifests) -> Iterator[str]:
    for workload in manifests.of_kind("Deployment"):
        yield from (f"{title(workload)}: {problem}" for problem in _pod_problems(workload))
        for container in containers(workload):
            yield from (f"{title(workload)}: {problem}" for problem in _container_problems(container))
        for variable, _ in environment(workload, manifests):
            if _SECRET_NAME.search(variable):
                yield f"{title(workload)}: {variable} is a secret in plain text"
    for account in manifests.of_kind("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"{title(account)}: its token is mounted"


def _pod_problems(workload: Document) -> Iterator[str]:
    spec = pod(workload)
    security = spec.get("securityContext", {})
    if spec.get("automountServiceAccountToken") is not False:
        yield "mounts a service account token"
    if spec.get("enableServiceLinks") is not False:
        yield "takes service links, whose variables the settings refuse"
    if security.get("runAsNonRoot") is not True or security.get("runAsUser", 0) == 0:
        yield "may run as root"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    if any(spec.get(host) for host in ("hostNetwork", "hostPID", "hostIPC")):
        yield "shares a namespace with its host"


def _container_problems(container: Document) -> Iterator[str]:
    security = container.get("securityContext", {})
    limits = container.get("resources", {}).get("limits", {})
    requests = container.get("resources", {}).get("requests", {})
    if security.get("readOnlyRootFilesystem") is not True:
        yield "can write to its root file system"
    if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
        yield "may gain privileges"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    if "memory" not in limits or limits["memory"] != requests.get("memory") or "cpu" not in requests:
        yield "has no CPU request, or memory that is not both requested and limited"
    if not re.search(r"(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$", container["image"]):
        yield f"image {container['image']} names no fixed version"
