"""Ports and edges: what is offered is listened on, what is called is offered, what is allowed exists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.support.manifests.model import Document, Manifests, environment, name, ports, title

_TARGET = re.compile(r"dns:///(?P<service>[a-z0-9-]+)(?:\.[a-z0-9.-]+)?:(?P<port>\d+)")


def networking_problems(manifests: Manifests) -> Iterator[str]:
    for service in manifests.of_kind("Service"):
        yield from _service_problems(service, manifests)
    for workload in manifests.of_kind("Deployment"):
        yield from _target_problems(workload, manifests)
        if not any(_is_denied_by_default(policy, workload, manifests) for policy in manifests.of_kind("NetworkPolicy")):
            yield f"{title(workload)}: no NetworkPolicy denies by default"
    for policy in manifests.of_kind("NetworkPolicy"):
        yield from _policy_problems(policy, manifests)
    for monitor in manifests.of_kind("ServiceMonitor"):
        yield from _monitor_problems(monitor, manifests)


def _service_problems(service: Document, manifests: Manifests) -> Iterator[str]:
    workloads = manifests.workloads_selected_by({"matchLabels": service["spec"]["selector"]})
    if len(workloads) != 1:
        yield f"{title(service)}: selects {len(workloads)} workloads"
    for workload in workloads:
        for port in service["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            if target not in ports(workload):
                yield f"{title(service)}: {title(workload)} has no port {target!r}"
    if service["spec"].get("clusterIP") != "None":
        yield f"{title(service)}: is not headless, so gRPC connections stay on one pod"


def _target_problems(workload: Document, manifests: Manifests) -> Iterator[str]:
    offered = {(name(s), str(port["port"])) for s in manifests.of_kind("Service") for port in s["spec"]["ports"]}
    for variable, value in environment(workload, manifests):
        match = _TARGET.fullmatch(value)
        if variable.endswith("_TARGET") and match is None:
            yield f"{title(workload)}: {variable} is not dns:///service:port, so replicas are not balanced over"
        if match and (match["service"], match["port"]) not in offered:
            yield f"{title(workload)}: {variable} names no Service port: {value}"


def _is_denied_by_default(policy: Document, workload: Document, manifests: Manifests) -> bool:
    spec = policy["spec"]
    denies = set(spec["policyTypes"]) == {"Ingress", "Egress"} and not spec.get("ingress") and not spec.get("egress")
    return denies and workload in manifests.workloads_selected_by(spec["podSelector"])


def _policy_problems(policy: Document, manifests: Manifests) -> Iterator[str]:
    spec = policy["spec"]
    selected = manifests.workloads_selected_by(spec["podSelector"])
    if not selected:
        yield f"{title(policy)}: selects no pod"
    for rule in spec.get("ingress", ()):
        yield from _peer_problems(policy, rule.get("from", ()), manifests)
        yield from _port_problems(policy, rule, selected)
    for rule in spec.get("egress", ()):
        yield from _peer_problems(policy, rule.get("to", ()), manifests)
        for peer in rule.get("to", ()):
            if "podSelector" in peer and "namespaceSelector" not in peer:
                yield from _port_problems(policy, rule, manifests.workloads_selected_by(peer["podSelector"]))


def _peer_problems(policy: Document, peers: list[Document], manifests: Manifests) -> Iterator[str]:
    for peer in peers:
        if "namespaceSelector" in peer or "podSelector" not in peer:
            continue
        if not manifests.workloads_selected_by(peer["podSelector"]):
            yield f"{title(policy)}: its peer selects no pod"


def _port_problems(policy: Document, rule: Document, workloads: list[Document]) -> Iterator[str]:
    for workload in workloads:
        for port in rule.get("ports", ()):
            if port["port"] not in ports(workload):
                yield f"{title(policy)}: {title(workload)} has no port {port['port']!r}"


def _monitor_problems(monitor: Document, manifests: Manifests) -> Iterator[str]:
    wanted = monitor["spec"]["selector"].get("matchLabels", {})
    services = [s for s in manifests.of_kind("Service") if wanted.items() <= s["metadata"].get("labels", {}).items()]
    if not services:
        yield f"{title(monitor)}: selects no Service"
    for service in services:
        offered = {port["name"] for port in service["spec"]["ports"]}
        for endpoint in monitor["spec"]["endpoints"]:
            if endpoint["port"] not in offered:
                yield f"{title(monitor)}: {title(service)} has no port {endpoint['port']!r}"
