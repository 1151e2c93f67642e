"""Settings are declared once: manifests set only what exists, and the deployment guide explains all of them."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from shared.settings import ServiceSettings, variable
from tests.support.source import ROOT, SERVICES, relative, text_files

VARIABLE = re.compile(r"\bTANDEM_[A-Z0-9_]*[A-Z0-9]\b")
GUIDE = ROOT / "deploy" / "README.md"
OWNERS = [f"services.{name}.settings" for name in SERVICES]


def settings_class(module: str) -> type[ServiceSettings]:
    """The one settings class that a module defines."""
    (found,) = [
        value
        for value in vars(importlib.import_module(module)).values()
        if inspect.isclass(value) and issubclass(value, ServiceSettings) and value.__module__ == module
    ]
    return found


def variables(module: str) -> set[str]:
    owner = settings_class(module)
    return {variable(owner, name) for name in owner.model_fields}


def test_deployment_sets_only_variables_that_exist() -> None:
    known = set().union(*(variables(module) for module in OWNERS))
    unknown = {
        f"{relative(path)}: {name}"
        for path in text_files()
        if path.is_relative_to(ROOT / "deploy") and path != GUIDE
        for name in VARIABLE.findall(path.read_text())
        if name not in known
    }
    assert unknown == set()


@pytest.mark.parametrize("module", OWNERS)
def test_the_deployment_guide_names_every_setting(module: str) -> None:
    owner = settings_class(module)
    own = set(owner.model_fields) - set(ServiceSettings.model_fields)
    named = set(re.findall(r"^\| `(\w+)` \|", GUIDE.read_text(), re.MULTILINE))
    expected = {name.upper() for name in ServiceSettings.model_fields} | {variable(owner, name) for name in own}
    assert expected - named == set()


@pytest.mark.parametrize("module", OWNERS)
def test_every_setting_says_what_it_means(module: str) -> None:
    owner = settings_class(module)
    assert [name for name, field in owner.model_fields.items() if not field.description] == []


def test_the_deployment_guide_names_no_setting_that_is_gone() -> None:
    known = set().union(*(variables(module) for module in OWNERS))
    common = {name.upper() for name in ServiceSettings.model_fields}
    named = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", GUIDE.read_text(), re.MULTILINE))
    assert named - known - common == set()
