"""`make bench NAME=decide`: decisions against real servers on SQLite, one process and four; one by one, then a campaign
in batches."""

from __future__ import annotations

from tests.bench.batch_cases import batch_rows
from tests.bench.decide_cases import decide_rows
from tests.bench.report import show, versions, write
from tests.support.servers import ROOT, Form


def run(*, is_full: bool) -> None:
    rows = [row for form in Form for row in decide_rows(form, is_full=is_full)]
    rows += [row for form in Form for row in batch_rows(form, is_full=is_full)]
    of_versions = versions()
    show(rows, of_versions)
    write(ROOT / ".bench" / "decide.json", rows, of_versions)
