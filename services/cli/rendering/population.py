"""What the rules of a policy do to a sample of people, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from services.rules.domain.lint.population import PopulationReport, percent


def population_lines(report: PopulationReport) -> Iterator[str]:
    """Of the rules that drop anybody, those that drop most first."""
    yield f"{report.subjects} people" + (f", {report.refused} more too costly to ask" if report.refused else "")
    yield f"{'dropped':>8} {'by known':>9} {'by unknown':>10}  rule"
    for each in sorted(report.rules, key=lambda share: -share.share):
        if each.share:
            known, unknown = each.by_known / each.asked, each.by_unknown / each.asked
            shares = f"{percent(each.share):>8} {percent(known):>9} {percent(unknown):>10}"
            yield f"{shares}  {each.rule.stage.name} {each.rule.rule_id} at {each.rule.position.text}"


def population_document(report: PopulationReport) -> dict[str, object]:
    return {
        "people": report.subjects,
        "refused": report.refused,
        "rules": [
            {
                "rule": each.rule.rule_id,
                "stage": each.rule.stage.name,
                "file": each.rule.position.file,
                "line": each.rule.position.line,
                "column": each.rule.position.column,
                "asked": each.asked,
                "dropped_by_known": each.by_known,
                "dropped_by_unknown": each.by_unknown,
            }
            for each in report.rules
        ],
        "actions": dict(report.reached),
    }
