"""Whatever the files hold, the answer is findings: never an exception, and never silence about a broken policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import Compilation

SAMPLE = Path(__file__).parents[4] / "services/cli/samples/boutique"
TEXT = "\n".join((SAMPLE / name).read_text() for name in ("policy.yaml", "attributes.yaml", "engagement.yaml"))
LINES = TEXT.splitlines() + (SAMPLE / "actions/win_back.yaml").read_text().splitlines()
SNIPPETS = ["", "[]", "{}", "~", "1", "-1", ".nan", "1e400", "''", "*x", "&x", "!!int", "|", ">", "{a: [", "2026-11-01"]
SNIPPETS += ["true", "\t", "\ud7ff", "{{x}}", "a" * 200, "9" * 50, "[[[[", "? ", "- ", ": ", "# ", "%YAML 1.9", "---"]


def _check(compilation: Compilation) -> None:
    has_errors = any(finding.is_error for finding in compilation.findings)
    assert (compilation.policy is None) == has_errors
    assert all(finding.place.line >= 1 and finding.place.column >= 1 for finding in compilation.findings)


@given(st.dictionaries(st.text(max_size=12), st.binary(max_size=100), max_size=4))
def test_any_bytes_as_files_give_findings(files: dict[str, bytes]) -> None:
    _check(compile_policy(files))


WORDS = """
    policy traits aggregates context channels placements fallbacks issues groups actions segments arms type web when id
    eligibility on_unknown treatments channel content fr limits profiling arbitration contact_policy quiet_hours from to
    days charset lever business_value attributes valid_from cost event measure window
"""


def _names() -> st.SearchStrategy[str]:
    return st.sampled_from(WORDS.split())


def _documents() -> st.SearchStrategy[str]:
    scalars = st.sampled_from(SNIPPETS) | _names() | st.floats(allow_nan=False).map(str) | st.integers().map(str)
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
            | st.dictionaries(_names(), inner, max_size=4).map(
                lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
            )
        ),
        max_leaves=12,
    )


@given(st.dictionaries(_names(), _documents(), max_size=6))
def test_any_document_of_known_words_gives_findings(sections: dict[str, str]) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in sections.items())
    _check(compile_policy({"policy.yaml": text.encode()}))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_mutated_sample_gives_findings(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        column = data.draw(st.integers(0, len(lines[at])))
        snippet = data.draw(st.sampled_from(SNIPPETS))
        lines[at] = lines[at][:column] + snippet + lines[at][column + data.draw(st.integers(0, 12)) :]
    _check(compile_policy({"policy.yaml": "\n".join(lines).encode()}))


@pytest.mark.parametrize("key", ["traits", "actions", "eligibility", "policy", "contact_policy", "arms"])
def test_nesting_beyond_all_reason_gives_one_finding(key: str) -> None:
    compilation = compile_policy({"policy.yaml": f"{key}: {'{a: ' * 5_000}".encode()})
    assert [finding.code for finding in compilation.findings] == ["YAML_TOO_DEEP"]
