"""Policies that mean nothing are refused by file, line and column, and change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import InvalidArgument
from tests.support.shop import Shop, actions, fresh_id, inbound, open_shop
from tests.support.shop_policy import edited, policy_files


async def findings(shop: Shop, files: dict[str, bytes]) -> list[str]:
    """Of a publication that is refused, and leaves everything as it was."""
    before = await shop.decide(inbound("side_bar"))
    with pytest.raises(InvalidArgument) as refused:
        await shop.orchestrator.publish_policy(fresh_id(), files)
    after = await shop.decide(inbound("side_bar"))
    assert after.versions == before.versions
    assert actions(after.placements[0])
    return [f"{each.field} {each.description.partition(':')[0]}" for each in refused.value.violations]


async def test_empty_and_cyclic_policies_are_refused_where_they_are_written(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.publish()
        await shop.knows(age=42)
        assert await findings(shop, {"a.yaml": b""}) == ["a.yaml:1:1 MISSING_KEY"]
        assert await findings(shop, {"a.yaml": b"currency: EUR\npolicy: p\n"}) == ["a.yaml:1:1 EMPTY_POLICY"]
        gold = """gold: {when: 'tier == "gold"'}"""
        turn = """gold: {when: 'in_segment("rich")'}\n  rich: {when: 'in_segment("gold")'}"""
        name, line = next(
            (name, text[: text.index(gold.encode())].count(b"\n") + 1)
            for name, text in policy_files().items()
            if gold.encode() in text
        )
        cyclic = await findings(shop, edited({gold: turn}))
        assert cyclic
        assert all(each.startswith((f"{name}:{line}:", f"{name}:{line + 1}:")) for each in cyclic), cyclic
        assert any("CYCL" in each for each in cyclic), cyclic
