"""Contact limits that are about campaigns bind the decisions of campaigns, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from services.orchestrator.domain.decision import Mode
from services.orchestrator.domain.lineup import NoActionReason
from tests.support.limited_shop import channels, ledger_of, limits, of_limits, ready, reason
from tests.support.shop import Shop, inbound, outbound

SEASONS = "{id: seasons, campaigns: [spring, autumn], max: 1, window: 7d}"
EACH = "{id: each, per: campaign, max: 1, window: 7d}"


async def mailed(shop: Shop, campaign: str) -> list[str]:
    return channels(await shop.decide(replace(outbound("EMAIL"), campaign_id=campaign)))


async def test_campaigns_of_one_limit_share_its_room_and_others_have_their_own(tmp_path: Path) -> None:
    async with ready(tmp_path, limits(SEASONS)) as shop:
        assert await mailed(shop, "winter") == ["EMAIL"]
        assert await mailed(shop, "") == ["EMAIL"]
        assert await mailed(shop, "spring") == ["EMAIL"]
        autumn = await shop.decide(replace(outbound("EMAIL"), campaign_id="autumn"))
        assert (channels(autumn), reason(autumn)) == ([], NoActionReason.CONTACT_POLICY)
        assert {each.rule_id for each in of_limits(autumn)} == {"seasons"}
        assert (await shop.orchestrator.explain_decision(autumn.decision_id)).answer == autumn
        assert await mailed(shop, "summer") == ["EMAIL"]
        assert await mailed(shop, "") == ["EMAIL"]
        told = {contact.campaign for contact in (await ledger_of(shop)).contacts}
        assert told == {"", "spring", "summer", "winter"}


async def test_each_campaign_has_an_allowance_of_its_own(tmp_path: Path) -> None:
    async with ready(tmp_path, limits(EACH)) as shop:
        assert len(channels(await shop.decide(inbound("home_hero", count=2)))) == 2
        for campaign in ("spring", "autumn"):
            answer = await shop.decide(replace(inbound("home_hero", count=2), campaign_id=campaign))
            assert len(channels(answer)) == 1
            replayed = await shop.orchestrator.replay_decision(answer.decision_id)
            assert replayed.differing == ()


async def test_a_simulation_for_a_campaign_meets_its_limits(tmp_path: Path) -> None:
    async with ready(tmp_path, limits(SEASONS)) as shop:
        await mailed(shop, "spring")
        asked = replace(outbound("EMAIL"), mode=Mode.SIMULATE)
        assert channels(await shop.decide(replace(asked, campaign_id="autumn"))) == []
        assert channels(await shop.decide(asked)) == ["EMAIL"]
