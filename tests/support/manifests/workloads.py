"""Life of a pod: probes, shutdown, scaling and scraping that agree with what the server does."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.manifests.model import Document, Manifests, containers, environment, matches, pod, pod_labels, ports
from tests.support.manifests.model import title as title_of

PROBES = {"startupProbe": "liveness", "livenessProbe": "liveness", "readinessProbe": "readiness"}
"""Each probe and the component of the health service that answers it."""
RECOMMENDED_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/part-of")


def workload_problems(manifests: Manifests) -> Iterator[str]:
    for workload in manifests.of_kind("Deployment"):
        title = title_of(workload)
        yield from (f"{title}: {problem}" for problem in _probe_problems(workload))
        yield from (f"{title}: {problem}" for problem in _shutdown_problems(workload, manifests))
        yield from (f"{title}: {problem}" for problem in _scraping_problems(workload))
        yield from (f"{title}: no label {label}" for label in RECOMMENDED_LABELS if label not in pod_labels(workload))
    for scaler in manifests.of_kind("HorizontalPodAutoscaler"):
        yield from _scaling_problems(scaler, manifests)
    for budget in manifests.of_kind("PodDisruptionBudget"):
        yield from _budget_problems(budget, manifests)


def _probe_problems(workload: Document) -> Iterator[str]:
    for container in pod(workload)["containers"]:
        for probe, component in PROBES.items():
            grpc = container.get(probe, {}).get("grpc")
            if grpc is None:
                yield f"{probe} is not a gRPC probe"
            elif grpc["port"] not in ports(workload):
                yield f"{probe} asks port {grpc['port']}, which no container has"
            elif grpc.get("service") != component:
                yield f"{probe} asks for {grpc.get('service')!r}, and the server answers for {component!r}"


def _shutdown_problems(workload: Document, manifests: Manifests) -> Iterator[str]:
    values = dict(environment(workload, manifests))
    server = sum(float(v) for k, v in values.items() if k.endswith(("_DRAIN_SECONDS", "_GRACE_SECONDS")))
    for container in containers(workload):
        before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        allowed = pod(workload).get("terminationGracePeriodSeconds", 30)
        if before + server >= allowed:
            yield f"is killed after {allowed} s, and may take {before + server:g} s to end"


def _scraping_problems(workload: Document) -> Iterator[str]:
    annotations = workload["spec"]["template"]["metadata"].get("annotations", {})
    if int(annotations.get("prometheus.io/port", 0)) not in ports(workload):
        yield "prometheus.io/port is not a port of the pod"


def _scaling_problems(scaler: Document, manifests: Manifests) -> Iterator[str]:
    spec = scaler["spec"]
    if spec["minReplicas"] > spec["maxReplicas"]:
        yield f"{title_of(scaler)}: minReplicas is above maxReplicas"
    for workload in manifests.of_kind("Deployment"):
        if workload["metadata"]["name"] == spec["scaleTargetRef"]["name"] and "replicas" in workload["spec"]:
            yield f"{title_of(scaler)}: {title_of(workload)} sets replicas too, so each deployment undoes the scaling"


def _budget_problems(budget: Document, manifests: Manifests) -> Iterator[str]:
    if "maxUnavailable" not in budget["spec"]:
        yield f"{title_of(budget)}: bounds no maxUnavailable"
    scaled = {
        scaler["spec"]["scaleTargetRef"]["name"]: scaler for scaler in manifests.of_kind("HorizontalPodAutoscaler")
    }
    for workload in manifests.of_kind("Deployment"):
        scaler = scaled.get(workload["metadata"]["name"])
        replicas = scaler["spec"]["minReplicas"] if scaler else workload["spec"].get("replicas", 1)
        if matches(budget["spec"]["selector"], pod_labels(workload)) and replicas < 2:
            yield f"{title_of(budget)}: {title_of(workload)} may have one replica, so draining a node interrupts it"
