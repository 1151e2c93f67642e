"""The shape of the code: small files, names that mean something, protobuf and environment only at the edges."""

from __future__ import annotations

import re

import pytest

from tests.support.source import ROOT, SERVICES, imports, python_files, relative, text_files

MAX_LINES = 400
MEANINGLESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "core", "misc"}
WIRE = ("tandem.", "google.", "grpc.", "grpc_health.", "grpc_reflection.", "grpc_status.")
MAY_KNOW_WIRE = re.compile(
    r"services/\w+/api/|services/\w+/adapters/\w+_client\.py|services/cli/"
    r"|services/\w+/__main__\.py|shared/rpc/|shared/health\.py"
)
MAY_READ_ENVIRONMENT = re.compile(r"shared/settings\.py|services/cli/|services/\w+/__main__\.py|services/__main__\.py")
SERVICE_PARTS = {"__main__.py", "settings.py", "bootstrap.py", "domain", "app", "adapters", "api", "README.md"}
OWN_PARTS = {"rules": {"durable_worker"}, "scoring": {"trainer.py"}}
"""What one service has alone, for a reason that its README gives."""


def test_no_file_is_longer_than_a_reader_bears() -> None:
    long = {
        relative(path): lines
        for path in text_files()
        if path.suffix in {".py", ".proto"} and (lines := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    paths = python_files("services", "shared", "tests")
    assert [relative(path) for path in paths if MEANINGLESS & {path.stem, *path.relative_to(ROOT).parts[:-1]}] == []


def test_wire_types_stay_at_the_edges() -> None:
    leaks = {
        f"{relative(path)}: {name}"
        for path in python_files("services", "shared")
        for name in imports(path)
        if f"{name}.".startswith(WIRE) and not MAY_KNOW_WIRE.match(relative(path))
    }
    assert leaks == set()


def test_environment_is_read_by_settings_alone() -> None:
    readers = {
        relative(path)
        for path in python_files("services", "shared")
        if re.search(r"\bos\.(environ|getenv)\b|from os import .*\b(environ|getenv)\b", path.read_text())
        and not MAY_READ_ENVIRONMENT.match(relative(path))
    }
    assert readers == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_same_parts_as_the_others(service: str) -> None:
    parts = {path.name for path in (ROOT / "services" / service).iterdir()} - {"__init__.py", "__pycache__"}
    assert parts == SERVICE_PARTS | OWN_PARTS.get(service, set())


def test_nothing_names_a_machine_or_a_package_index() -> None:
    # Spelt so that this file does not find itself.
    folder = r"(?<![\w.~-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me|Use" + r"rs)/"
    index = (
        r"pypi\." + r"org|pythonhosted\." + r"org|registry\.npm" + r"js|proxy\.gol" + r"ang|--index" + r"-url[ =]\S*:"
    )
    pattern = re.compile(f"{folder}|{index}")
    found = {
        f"{relative(path)}:{number}: {line.strip()[:80]}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    }
    assert found == set()
