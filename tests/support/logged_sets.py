"""Sets of other people as logs: who was given what, and what came of it. Where they are not, a test is skipped."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from services.scoring.domain.logs.log import Log
from tests.support.logs import log_of
from tests.support.real_data import STARBUCKS, real_file

BANK_NUMBERS = ("age", "campaign", "pdays", "previous", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m")
LEFT_OUT = ("duration", "y", "")
"""How long the call lasted is known after it alone."""
MAILING_FEATURES = {
    "recency": "numeric",
    "history_segment": "categorical",
    "history": "numeric",
    "mens": "bool",
    "womens": "bool",
    "zip_code": "categorical",
    "newbie": "bool",
    "channel": "categorical",
}
SHOP_FEATURES = {f"user_feature_{number}": "categorical" for number in range(4)}
OFFER_FEATURES = {
    "age": "numeric",
    "gender": "categorical",
    "income": "numeric",
    "member_days": "numeric",
    "offer_type": "categorical",
    "difficulty": "numeric",
    "reward_paid": "numeric",
    "duration": "numeric",
    "spent_before": "numeric",
    "purchases_before": "numeric",
}
_TODAY = date(2018, 7, 26)
"""The last day on which a member of the set joined."""


def bank(folder: Path, rows: int) -> Log:
    """Calls of a bank, in the order of their dates: who accepted."""
    found = _csv("bank/bank_first30000.csv.gz", rows, delimiter=";")
    columns: dict[str, Any] = {name: [row[name] for row in found] for name in found[0] if name not in LEFT_OUT}
    numbers = {*BANK_NUMBERS, "nr.employed"}
    kinds = {name: "numeric" if name in numbers else "categorical" for name in columns}
    columns["accepted"] = [row["y"] for row in found]
    return log_of(folder, columns, f"reward: accepted\n{_features(kinds)}")


def mailing(folder: Path, rows: int) -> Log:
    """A third of the customers got a men's e-mail, a third a women's, a third none: who came to visit."""
    found = _csv("hillstrom/hillstrom_dev.csv.gz", rows)
    columns = {name: [row[name] for row in found] for name in ("segment", "visit", *MAILING_FEATURES)}
    head = "action: segment\nreward: visit\nchoice_probability: uniform\n"
    return log_of(folder, columns, head + _features(MAILING_FEATURES))


def shop(folder: Path, rows: int) -> Log:
    """Fashion that was shown at random, in one of three positions: what was clicked on (Open Bandit Dataset)."""
    found = _csv("obd/random_all.csv.gz", rows)
    names = ("timestamp", "item_id", "position", "click", "propensity_score", *SHOP_FEATURES)
    columns = {name: [row[name] for row in found] for name in names}
    head = "action: item_id\nreward: click\nchoice_probability: propensity_score\nposition: position\ntime: timestamp\n"
    return log_of(folder, columns, head + _features(SHOP_FEATURES))


def offers(folder: Path, rows: int) -> Log:
    """Ten offers, sent at random in four waves: who completed one before the next wave.

    An informational offer cannot be completed, so it is left out. What was spent before is what was known then.
    """
    portfolio = {each["id"]: each for each in map(json.loads, real_file("starbucks_rewards/portfolio.json").open())}
    with gzip.open(real_file("starbucks_rewards/profile.json.gz"), "rt") as lines:
        members = {each["id"]: each for each in map(json.loads, lines)}
    spent: dict[str, list[float]] = defaultdict(list)
    given: list[tuple[int, str, str, float, int]] = []
    completed: dict[tuple[str, str], list[int]] = defaultdict(list)
    with gzip.open(real_file(STARBUCKS), "rt") as lines:
        for event in map(json.loads, lines):
            person, value, hour = event["person"], event["value"], event["time"]
            if event["event"] == "transaction":
                spent[person].append(value["amount"])
            elif event["event"] == "offer completed":
                completed[person, value["offer_id"]].append(hour)
            elif event["event"] == "offer received" and portfolio[value["offer id"]]["offer_type"] != "informational":
                given.append((hour, person, value["offer id"], sum(spent[person]), len(spent[person])))
    given.sort()
    waves = sorted({each[0] for each in given})
    until = dict(zip(waves, [*waves[1:], 504], strict=True))
    columns: dict[str, list[Any]] = defaultdict(list)
    for hour, person, offer, before, purchases in given[:rows]:
        member, terms = members[person], portfolio[offer]
        is_known = member["income"] is not None
        joined = date.fromisoformat(str(member["became_member_on"]))
        line = {
            "offer": offer,
            "completed": int(any(hour < at <= until[hour] for at in completed[person, offer])),
            "age": member["age"] if is_known else "",
            "gender": member["gender"] or "",
            "income": member["income"] if is_known else "",
            "member_days": (_TODAY - joined).days,
            "offer_type": terms["offer_type"],
            "difficulty": terms["difficulty"],
            "reward_paid": terms["reward"],
            "duration": terms["duration"],
            "spent_before": before,
            "purchases_before": purchases,
        }
        for name, entry in line.items():
            columns[name].append(entry)
    head = "action: offer\nreward: completed\nchoice_probability: uniform\n"
    return log_of(folder, columns, head + _features(OFFER_FEATURES))


def _csv(name: str, rows: int, delimiter: str = ",") -> list[dict[str, str]]:
    with gzip.open(real_file(name), "rt") as lines:
        return list(islice(csv.DictReader(lines, delimiter=delimiter), rows))


def _features(kinds: dict[str, str]) -> str:
    return "features:\n" + "".join(f"  {name}: {kind}\n" for name, kind in kinds.items())
