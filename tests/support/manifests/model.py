"""Rendered manifests, and the questions every check asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manifests:
    documents: tuple[Document, ...]

    def of_kind(self, kind: str) -> list[Document]:
        return [document for document in self.documents if document["kind"] == kind]

    def names(self, kind: str) -> set[str]:
        return {name(document) for document in self.of_kind(kind)}

    def workloads_selected_by(self, selector: Mapping[str, Any]) -> list[Document]:
        """The Deployments whose pods the label selector matches."""
        return [workload for workload in self.of_kind("Deployment") if matches(selector, pod_labels(workload))]


def name(document: Document) -> str:
    return str(document["metadata"]["name"])


def title(document: Document) -> str:
    return f"{document['kind']} {name(document)}"


def pod(workload: Document) -> Document:
    spec: Document = workload["spec"]["template"]["spec"]
    return spec


def pod_labels(workload: Document) -> Mapping[str, str]:
    labels: Mapping[str, str] = workload["spec"]["template"]["metadata"].get("labels", {})
    return labels


def containers(workload: Document) -> list[Document]:
    return [*pod(workload).get("initContainers", ()), *pod(workload)["containers"]]


def ports(workload: Document) -> set[str | int]:
    """Every port of the pods, by number and by name."""
    declared = [port for container in containers(workload) for port in container.get("ports", ())]
    return {port["containerPort"] for port in declared} | {port["name"] for port in declared if "name" in port}


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """A label selector with `matchLabels` and the operator In, the only one used here."""
    expressions = selector.get("matchExpressions", ())
    wanted = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return wanted and all(labels.get(item["key"]) in item["values"] for item in expressions)


def environment(workload: Document, manifests: Manifests) -> Iterator[tuple[str, str]]:
    """The variables of the workload that have a literal value, from its ConfigMaps and its own list."""
    maps = {name(document): document.get("data", {}) for document in manifests.of_kind("ConfigMap")}
    for container in containers(workload):
        for source in container.get("envFrom", ()):
            yield from maps.get(source.get("configMapRef", {}).get("name"), {}).items()
        for variable in container.get("env", ()):
            if "value" in variable:
                yield variable["name"], variable["value"]
