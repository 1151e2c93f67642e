"""All the tests of a policy folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from services.cli.offline import compiled
from services.cli.policy_tests.case_file import read_cases
from services.cli.policy_tests.cases import Case
from services.cli.policy_tests.policy_under_test import PolicyUnderTest
from services.cli.policy_tests.problems import Problem
from services.cli.policy_tests.verdicts import problems_of, refusals_of
from services.orchestrator.domain.policy.findings import Findings, Refused, TooManyFindings
from services.orchestrator.domain.policy_parts import Finding, Place
from shared.errors import TandemError

FOLDER = "tests"


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """`findings` are what is wrong with the policy or with its tests; with an error among the policy's, nothing ran."""

    results: tuple[Result, ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> int:
        return sum(bool(result.problems) for result in self.results)

    @property
    def has_errors(self) -> bool:
        return any(finding.is_error for finding in self.findings)


def run_tests(files: Mapping[str, bytes], folder: Path, keyword: str = "") -> Run:
    """Those whose name holds the keyword."""
    findings, offline = compiled(files)
    if offline is None:
        return Run((), findings)
    own = Findings()
    policy = PolicyUnderTest(offline, folder)
    try:
        cases = [case for case in _cases(files, own) if keyword in case.name]
        results = tuple(result for case in cases if (result := _result(case, policy, own)) is not None)
    except TooManyFindings:
        results = ()
    return Run(results, (*findings, *own.ordered()))


def _cases(files: Mapping[str, bytes], findings: Findings) -> Iterator[Case]:
    seen: dict[str, Place] = {}
    for file in sorted(files):
        if FOLDER in PurePosixPath(file).parts[:-1]:
            yield from read_cases(file, files[file], seen, findings)


def _result(case: Case, policy: PolicyUnderTest, findings: Findings) -> Result | None:
    wrong = tuple(refusals_of(case, policy))
    for refusal in wrong:
        findings.refused(refusal)
    if wrong or not case.is_sound:
        return None
    try:
        return Result(case, problems_of(case, policy))
    except Refused as refusal:
        findings.refused(refusal)
    except TandemError as error:
        findings.error(case.place, error.reason, error.message)
    return None
