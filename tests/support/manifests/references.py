"""Every name that points at another object must find it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.manifests.model import Document, Manifests, containers, matches, name, pod, pod_labels, title

# Created by whoever runs the cluster, never by us: the key of each Secret that a manifest may ask for.
EXTERNAL_SECRETS = {"tandem-mongodb": {"uri"}, "tandem-bearer-token": {"token"}}


def reference_problems(manifests: Manifests) -> Iterator[str]:
    for workload in manifests.of_kind("Deployment"):
        if not matches(workload["spec"]["selector"], pod_labels(workload)):
            yield f"{title(workload)}: its selector does not match its own pods"
        if pod(workload).get("serviceAccountName") not in manifests.names("ServiceAccount"):
            yield f"{title(workload)}: no ServiceAccount {pod(workload).get('serviceAccountName')!r}"
        yield from _configuration_problems(workload, manifests)
        yield from _volume_problems(workload, manifests)
    for budget in manifests.of_kind("PodDisruptionBudget"):
        if not manifests.workloads_selected_by(budget["spec"]["selector"]):
            yield f"{title(budget)}: selects no pod"
    for scaler in manifests.of_kind("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if target["name"] not in manifests.names(target["kind"]):
            yield f"{title(scaler)}: no {target['kind']} {target['name']!r}"


def _configuration_problems(workload: Document, manifests: Manifests) -> Iterator[str]:
    for container in containers(workload):
        for source in container.get("envFrom", ()):
            yield from _config_map_problems(title(workload), source["configMapRef"], manifests)
        for variable in container.get("env", ()):
            origin = variable.get("valueFrom", {})
            if "secretKeyRef" in origin:
                yield from _secret_problems(title(workload), origin["secretKeyRef"])
            if "configMapKeyRef" in origin:
                yield from _config_map_problems(title(workload), origin["configMapKeyRef"], manifests)


def _config_map_problems(where: str, reference: dict[str, Any], manifests: Manifests) -> Iterator[str]:
    maps = {name(document): document.get("data", {}) for document in manifests.of_kind("ConfigMap")}
    if reference["name"] not in maps:
        yield f"{where}: no ConfigMap {reference['name']!r}"
    elif "key" in reference and reference["key"] not in maps[reference["name"]]:
        yield f"{where}: ConfigMap {reference['name']!r} has no key {reference['key']!r}"


def _secret_problems(where: str, reference: dict[str, Any]) -> Iterator[str]:
    if reference["key"] not in EXTERNAL_SECRETS.get(reference["name"], ()):
        yield f"{where}: nobody is told to create key {reference['key']!r} of Secret {reference['name']!r}"


def _volume_problems(workload: Document, manifests: Manifests) -> Iterator[str]:
    volumes = {volume["name"]: volume for volume in pod(workload).get("volumes", ())}
    for container in containers(workload):
        for mount in container.get("volumeMounts", ()):
            if mount["name"] not in volumes:
                yield f"{title(workload)}: no volume {mount['name']!r}"
    for volume in volumes.values():
        if "configMap" in volume:
            yield from _config_map_problems(title(workload), volume["configMap"], manifests)
        if "secret" in volume and volume["secret"]["secretName"] not in EXTERNAL_SECRETS:
            yield f"{title(workload)}: nobody is told to create Secret {volume['secret']['secretName']!r}"
        if "hostPath" in volume:
            yield f"{title(workload)}: mounts a path of the host"
