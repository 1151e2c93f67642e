"""A small policy that compiles without findings, to be changed by each test."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import Compilation, CompiledPolicy

SMALL = """\
policy: small
channels:
  web: {direction: INBOUND, limits: {title: 20}}
  sms: {direction: OUTBOUND, limits: {text: 160, charset: GSM-7}}
traits:
  first_name: {type: string}
  tier: {type: string, allowed: [bronze, silver]}
issues: {retain: {}}
groups: {care: {issue: retain, business_value: 2}}
actions:
  call:
    group: care
    treatments:
      call_web: {channel: web, content: {en: {title: Call us}}}
"""


@pytest.fixture
def small() -> str:
    return SMALL


@pytest.fixture
def compiled() -> Callable[[str], CompiledPolicy]:
    """Compiles one file that has no errors."""

    def compile_text(text: str) -> CompiledPolicy:
        compilation = compile_policy({"policy.yaml": text.encode()})
        assert compilation.policy is not None, compilation.findings
        return compilation.policy

    return compile_text


@pytest.fixture
def found() -> Callable[[str | dict[str, str]], list[str]]:
    """The findings of a file beside the small policy, or of whole files, as "line:column CODE"."""

    def find(text: str | dict[str, str]) -> list[str]:
        return [f"{each.place.line}:{each.place.column} {each.code}" for each in _compilation(text).findings]

    return find


@pytest.fixture
def messages() -> Callable[[str | dict[str, str]], list[str]]:
    """The same, as messages."""

    def find(text: str | dict[str, str]) -> list[str]:
        return [each.message for each in _compilation(text).findings]

    return find


def _compilation(text: str | dict[str, str]) -> Compilation:
    files = {"a_small.yaml": SMALL, "b.yaml": textwrap.dedent(text)} if isinstance(text, str) else text
    return compile_policy({path: content.encode() for path, content in files.items()})
