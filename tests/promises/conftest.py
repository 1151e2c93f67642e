"""Fixtures of the promises: `promise` (strength and figures). At full strength nothing is skipped, nothing endless."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.support.promises import Figures, Promise, is_full_strength, seconds_of


@pytest.fixture(scope="module")
def promise_figures() -> Figures:
    """Of one promise, which is a module: two promises may use the same name."""
    return Figures()


@pytest.fixture
def promise(request: pytest.FixtureRequest, promise_figures: Figures) -> Promise:
    return Promise(request.node.name, promise_figures)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """At full strength a test has the time of its whole promise."""
    if not is_full_strength():
        return
    for item in items:
        if item.path.parent.name == "promises":
            # First, so that it goes before a mark of the test.
            seconds = seconds_of(item.path.stem.removeprefix("test_"))
            item.add_marker(pytest.mark.timeout(seconds), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What is skipped at full strength has not been shown."""
    report = yield
    if is_full_strength() and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"nothing is skipped at full strength: {report.longrepr}"
    return report
