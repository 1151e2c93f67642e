"""Policies with one fault each: lint finds it, at its line, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.cli.offline import findings_of
from services.cli.policy_folder import read_policy_folder
from tests.support.source import ROOT

SHOP = """
policy: shop
currency: EUR
default_locale: en
profiling: {basis: LEGITIMATE_INTEREST}
channels: {web: {direction: INBOUND, limits: {title: 60}}}
issues: {i: {business_value: 1}}
groups: {g: {issue: i}}
traits:
  age: {type: int}
  visits: {type: int}
  stars: {type: int, allowed: [1, 2, 3, 4, 5]}
  margin: {type: double}
  vip: {type: bool}
  city: {type: string}
  tier: {type: string, allowed: [bronze, silver, gold]}
  brands: {type: list<string>}
  topics: {type: list<string>, allowed: [women, men, kids]}
  last_visit: {type: timestamp}
context:
  weather: {type: string, allowed: [sun, rain]}
actions:
  always:
    group: g
    treatments: {always_web: {channel: web, content: {en: {title: Hello}}}}
"""
FAULTS = (Path(__file__).parent / "seeded_faults.yaml").read_text(encoding="utf-8").split("\n---\n")


def written_out(fault: str) -> str:
    group = re.sub(r"^    offered: (\w+)$", r"    group: g\n    treatments: {\1_web: <T>}", fault, flags=re.M)
    group = re.sub(r"^    offered_in: (\w+)$", r"    group: \1\n    treatments: {\1_web: <T>}", group, flags=re.M)
    treatments = iter(range(99))
    once = re.sub(r"(\w+)_web: <T>", lambda found: f"{found[1]}_{next(treatments)}: <T>", group)
    return once.replace("<T>", "{channel: web, content: {en: {title: Offer}}}")


def marked(text: str) -> set[tuple[int, str]]:
    """Line and code of the findings that comments behind lines expect."""
    lines = enumerate(text.split("\n"), start=1)
    return {(number, code) for number, line in lines for code in re.findall(r"(?<=\S  # )[A-Z_]+", line)}


def name_of(fault: str) -> str:
    return str(re.findall(r"^# (.*)$", fault, flags=re.M)[-1])


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_fault_is_found_where_it_is_written(fault: str) -> None:
    text = written_out(fault)
    found = findings_of({"shop.yaml": SHOP.encode(), "fault.yaml": text.encode()})
    assert {(each.place.line, each.code) for each in found} == marked(text), found
    assert all(each.place.file == "fault.yaml" for each in found)


def test_there_are_at_least_sixty_faults() -> None:
    assert len(FAULTS) >= 60
    assert all(marked(written_out(fault)) for fault in FAULTS)


@pytest.mark.parametrize("sample", ["boutique", "fashion_store"])
def test_sample_policies_have_no_findings(sample: str) -> None:
    assert findings_of(read_policy_folder(ROOT / "services/cli/samples" / sample)) == ()
