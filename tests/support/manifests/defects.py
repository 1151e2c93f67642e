"""Seeded defects: each breaks good manifests in one way that `problems` must notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.support.manifests.model import Document

Defect = Callable[[list[Document]], None]


def put(kind: str, path: str, value: object) -> Defect:
    """Sets, in every document of a kind, the field at a path like "spec/ports/0/targetPort"; "~" is "/" in a key."""

    def break_documents(documents: list[Document]) -> None:
        for document in _of_kind(documents, kind):
            *parents, last = _steps(path)
            _at(document, parents)[last] = value

    return break_documents


def drop(kind: str, path: str) -> Defect:
    """Removes, from every document of a kind, the field at a path."""

    def break_documents(documents: list[Document]) -> None:
        for document in _of_kind(documents, kind):
            *parents, last = _steps(path)
            del _at(document, parents)[last]

    return break_documents


def without(kind: str) -> Defect:
    """Leaves out every document of a kind."""

    def break_documents(documents: list[Document]) -> None:
        documents[:] = [document for document in documents if document["kind"] != kind]

    return break_documents


def variable(ending: str, value: str) -> Defect:
    """Sets the variables of the ConfigMaps whose name ends so."""

    def break_documents(documents: list[Document]) -> None:
        for document in _of_kind(documents, "ConfigMap"):
            for key in [key for key in document["data"] if key.endswith(ending)]:
                document["data"][key] = value

    return break_documents


def _of_kind(documents: list[Document], kind: str) -> list[Document]:
    found = [document for document in documents if document["kind"] == kind]
    assert found, f"the manifests have no {kind}: this defect would break nothing"
    return found


def _steps(path: str) -> Sequence[str | int]:
    return [int(step) if step.isdigit() else step.replace("~", "/") for step in path.split("/")]


def _at(document: Document, steps: Sequence[str | int]) -> Any:
    place: Any = document
    for step in steps:
        place = place[step]
    return place


_POD = "spec/template/spec"
_CONTAINER = f"{_POD}/containers/0"
_ROOT = {"drop": ["ALL"], "add": ["NET_ADMIN"]}

DEFECTS: dict[str, Defect] = {
    "selector of a Service that matches nothing": put("Service", "spec/selector", {"app": "x"}),
    "selector of a Service that matches every workload": put(
        "Service", "spec/selector", {"app.kubernetes.io/part-of": "tandem"}
    ),
    "targetPort that no container has": put("Service", "spec/ports/0/targetPort", "grcp"),
    "Service with a virtual IP": drop("Service", "spec/clusterIP"),
    "Service port that callers do not use": put("Service", "spec/ports/0/port", 50099),
    "no Services": without("Service"),
    "selector of a Deployment that misses its pods": put("Deployment", "spec/selector/matchLabels", {"app": "x"}),
    "ServiceAccount that does not exist": without("ServiceAccount"),
    "token of a ServiceAccount mounted": put("ServiceAccount", "automountServiceAccountToken", True),
    "ConfigMap that does not exist": put("Deployment", f"{_CONTAINER}/envFrom/0/configMapRef/name", "tandem-x"),
    "Secret that nobody creates": put("Deployment", f"{_CONTAINER}/env/0/valueFrom/secretKeyRef/name", "mongo"),
    "key that a Secret has not": put("Deployment", f"{_CONTAINER}/env/0/valueFrom/secretKeyRef/key", "url"),
    "secret in plain text": put("Deployment", f"{_CONTAINER}/env/0", {"name": "TANDEM_MONGO_URI", "value": "m"}),
    "volume that does not exist": put("Deployment", f"{_CONTAINER}/volumeMounts/0/name", "temp"),
    "volume from the host": put("Deployment", f"{_POD}/volumes/0", {"name": "token", "hostPath": {"path": "/"}}),
    "probe port that no container has": put("Deployment", f"{_CONTAINER}/livenessProbe/grpc/port", 50053),
    "probe of a component the server does not know": put(
        "Deployment", f"{_CONTAINER}/readinessProbe/grpc/service", "ready"
    ),
    "liveness that depends on stores": put("Deployment", f"{_CONTAINER}/livenessProbe/grpc/service", "readiness"),
    "no startup probe": drop("Deployment", f"{_CONTAINER}/startupProbe"),
    "killed before it has drained": put("Deployment", f"{_POD}/terminationGracePeriodSeconds", 25),
    "drain longer than the pod's grace": variable("_GRACE_SECONDS", "60"),
    "scraped on a port that is not there": put(
        "Deployment", "spec/template/metadata/annotations/prometheus.io~port", "9090"
    ),
    "replicas fought over with the autoscaler": put("Deployment", "spec/replicas", 2),
    "autoscaler of nothing": put("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", "tandem"),
    "autoscaler from more to fewer": put("HorizontalPodAutoscaler", "spec/maxReplicas", 1),
    "one replica under a disruption budget": put("HorizontalPodAutoscaler", "spec/minReplicas", 1),
    "disruption budget of nothing": put("PodDisruptionBudget", "spec/selector/matchLabels", {"app": "x"}),
    "disruption budget that blocks every drain": drop("PodDisruptionBudget", "spec/maxUnavailable"),
    "policies that select nothing": put("NetworkPolicy", "spec/podSelector", {"matchLabels": {"app": "x"}}),
    "no policies": without("NetworkPolicy"),
    "target of a service that is not there": variable("_TARGET", "dns:///tandem-profiles:50051"),
    "target that pins one replica": variable("_TARGET", "tandem-profile:50051"),
    "service links": drop("Deployment", f"{_POD}/enableServiceLinks"),
    "root": put("Deployment", f"{_POD}/securityContext/runAsUser", 0),
    "no seccomp profile": drop("Deployment", f"{_POD}/securityContext/seccompProfile"),
    "network of the host": put("Deployment", f"{_POD}/hostNetwork", True),
    "writable root file system": put("Deployment", f"{_CONTAINER}/securityContext/readOnlyRootFilesystem", False),
    "an added capability": put("Deployment", f"{_CONTAINER}/securityContext/capabilities", _ROOT),
    "privileged": put("Deployment", f"{_CONTAINER}/securityContext/privileged", True),
    "no memory limit": drop("Deployment", f"{_CONTAINER}/resources/limits/memory"),
    "image without a version": put("Deployment", f"{_CONTAINER}/image", "tandem-profile"),
    "latest image": put("Deployment", f"{_CONTAINER}/image", "tandem-profile:latest"),
    "label of the system missing": drop("Deployment", "spec/template/metadata/labels/app.kubernetes.io~name"),
    "monitor of nothing": put("ServiceMonitor", "spec/selector/matchLabels", {"app": "x"}),
    "monitor of a port that is not there": put("ServiceMonitor", "spec/endpoints/0/port", "http"),
}
