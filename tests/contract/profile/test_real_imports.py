"""What the service says after importing real data is what pandas says of the same files, for every customer.

Reduced in `make test`; with TANDEM_PROMISE_STRENGTH=full, and in `make bench NAME=profile`, with every row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from services.cli.importing.destinations import Embedded
from services.profile.api.servicer import ProfileServicer
from services.profile.app.application import ProfileApplication
from services.profile.app.requests import ProfileAnswer, ProfileQuery
from services.profile.domain.aggregates.formula import Formula, Measure
from shared.clock import to_ms
from shared.values import AttributeType
from tests.support.importing import import_into
from tests.support.profiles import person, publish, schema_of
from tests.support.promises import strength
from tests.support.real_data import CDNOW, MAPPINGS, STARBUCKS, first_lines, real_file

EVERY = 10**9


def purchases(measure: Measure, name: str = "", kind: AttributeType | None = None) -> Formula:
    return Formula(measure, "purchase", name, type=kind)


RFM = schema_of(
    frequency=purchases(Measure.COUNT),
    days=purchases(Measure.DISTINCT, "day"),
    monetary=purchases(Measure.SUM, "amount"),
    average_order_value=purchases(Measure.MEAN, "amount"),
    first_day=purchases(Measure.FIRST, "day", AttributeType.TIMESTAMP),
    last_day=purchases(Measure.LAST, "day", AttributeType.TIMESTAMP),
)
OFFERS = schema_of(
    views=Formula(Measure.COUNT, "offer_viewed"),
    completions=Formula(Measure.COUNT, "offer_completed"),
    rewards=Formula(Measure.SUM, "offer_completed", "reward"),
    spent=Formula(Measure.SUM, "transaction", "amount"),
)


async def features_of(app: ProfileApplication, customers: Iterable[str]) -> dict[str, dict[str, Any]]:
    names, found = list(customers), {}
    for start in range(0, len(names), 500):
        page = names[start : start + 500]
        answers = await app.batch_get_profiles([ProfileQuery(person(f"customer:{name}")) for name in page])
        for name, answer in zip(page, answers, strict=True):
            assert isinstance(answer, ProfileAnswer), name
            found[name] = {key: feature.value for key, feature in answer.profile.features.items()}
    return found


@pytest.mark.timeout(900)
async def test_recency_frequency_monetary_and_order_value_of_cdnow_are_those_of_pandas(
    app: ProfileApplication, tmp_path: Path
) -> None:
    path = first_lines(real_file(CDNOW), strength(reduced=1_501, full=EVERY), tmp_path / "cdnow.csv")
    await publish(app, RFM)
    mapping = (MAPPINGS / "cdnow.yaml").read_text()
    result = await import_into(Embedded(ProfileServicer(app)), tmp_path, mapping, path)
    frame = pd.read_csv(path, dtype={"master_id": str})
    assert (result.tally.imported, result.tally.events) == (len(frame), len(frame))
    frame["day"] = pd.to_datetime(frame["date"].astype(str), format="%Y%m%d", utc=True)
    end = frame["day"].max()
    expected = frame.groupby("master_id").agg(
        frequency=("amt", "size"),
        days=("day", "nunique"),
        monetary=("amt", math.fsum),
        average=("amt", "mean"),
        first=("day", "min"),
        last=("day", "max"),
    )
    found = await features_of(app, expected.index)
    for customer, row in expected.iterrows():
        mine = found[str(customer)]
        assert (mine["frequency"], mine["days"]) == (row["frequency"], row["days"])
        assert mine["monetary"] == pytest.approx(row["monetary"], rel=1e-12)
        assert mine["average_order_value"] == pytest.approx(row["average"], rel=1e-12)
        assert mine["first_day"] == row["first"].to_pydatetime().astimezone(UTC)
        recency = (to_ms(end.to_pydatetime()) - to_ms(mine["last_day"])) // 86_400_000
        assert recency == (end - row["last"]).days


@pytest.mark.timeout(900)
async def test_views_and_completions_of_the_starbucks_log_are_those_of_pandas(
    app: ProfileApplication, tmp_path: Path
) -> None:
    path = first_lines(real_file(STARBUCKS), strength(reduced=4_000, full=EVERY), tmp_path / "log.json")
    await publish(app, OFFERS)
    mapping = (MAPPINGS / "starbucks.yaml").read_text()
    result = await import_into(Embedded(ProfileServicer(app)), tmp_path, mapping, path)
    frame = pd.read_json(path, lines=True)
    assert (result.tally.imported, result.tally.events) == (len(frame), len(frame))
    frame["amount"] = frame["value"].map(lambda value: value.get("amount", 0.0))
    frame["reward"] = frame["value"].map(lambda value: value.get("reward", 0.0))
    groups = frame.groupby("person")
    found = await features_of(app, map(str, groups.groups))
    for customer, group in groups:
        mine = found[str(customer)]
        assert mine["views"] == int((group["event"] == "offer viewed").sum())
        assert mine["completions"] == int((group["event"] == "offer completed").sum())
        assert mine["rewards"] == pytest.approx(group["reward"].sum(), rel=1e-12)
        assert mine["spent"] == pytest.approx(math.fsum(group["amount"]), rel=1e-12)
