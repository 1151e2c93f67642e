"""Rules of a treatment or of a channel keep that treatment from a person, and not its action."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.orchestrator.adapters.rules_client import GrpcRules
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.drops import Stage
from services.orchestrator.domain.lineup import NoActionReason
from services.profile.domain.consents import ConsentStatus
from services.rules.bootstrap import bootstrap
from services.rules.settings import RulesSettings
from shared.clock import system_clock
from tests.support.grpc_server import loopback
from tests.support.shop import ADA, Shop, fresh_id, inbound, open_shop, outbound

TREATMENTS = {
    "green_tea_web:": """green_tea_gold:
        channel: web
        eligibility: [{id: for_gold, when: 'tier == "gold"'}]
        content: {en: {title: Golden tea}}
      green_tea_web:""",
    "web: {direction: INBOUND}": """web:
    direction: INBOUND
    suitability: [{id: grown_up, when: 'age >= 12', on_unknown: PASS}]""",
}


@pytest.fixture(params=["local", "grpc"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    """With rules of a treatment and of a channel; the rules service in this process, and on a channel."""
    if request.param == "local":
        async with open_shop(tmp_path) as opened:
            await opened.publish(TREATMENTS)
            yield opened
        return
    async with AsyncExitStack() as stack:
        binding = (await bootstrap(RulesSettings(data_dir=tmp_path / "apart"), stack)).binding
        server = await stack.enter_async_context(loopback(binding.descriptor, binding.servicer))
        rules = GrpcRules(server.channel, system_clock)
        opened = await stack.enter_async_context(open_shop(tmp_path, {"rules": rules}))
        await opened.publish(TREATMENTS)
        yield opened


def shown(answer: Answer) -> set[str]:
    """The treatments that compete."""
    return {candidate.treatment for candidate in answer.candidates}


async def test_a_treatment_with_a_rule_goes_only_to_those_who_satisfy_it(shop: Shop) -> None:
    await shop.knows(age=42, tier="gold")
    assert {"green_tea_web", "green_tea_gold"} <= shown(await shop.decide())
    await shop.knows("crm:bob", age=42, tier="silver")
    answer = await shop.decide(inbound(who="crm:bob"))
    assert "green_tea_gold" not in shown(answer)
    assert "green_tea_web" in shown(answer)
    (reason,) = [each for each in answer.dropped if each.treatment]
    assert (reason.action, reason.treatment, reason.stage) == ("green_tea", "green_tea_gold", Stage.ELIGIBILITY)
    assert (reason.rule_id, reason.attribute, reason.observed) == ("for_gold", "tier", "silver")


async def test_a_channel_with_a_rule_is_closed_to_those_who_fail_it_and_the_others_stay_open(shop: Shop) -> None:
    await shop.knows(age=9)
    await shop.hears(ConsentStatus.GRANTED, channel="EMAIL")
    answer = await shop.decide()
    assert answer.placements[0].propositions == ()
    assert shown(answer) == set()
    assert {each.rule_id for each in answer.dropped if each.treatment == "green_tea_web"} == {"grown_up"}
    mail = await shop.decide(outbound("EMAIL"))
    assert [each.treatment for each in mail.placements[0].propositions] == ["green_tea_mail"]


async def test_a_place_that_only_closed_treatments_could_fill_says_that_nothing_is_eligible(shop: Shop) -> None:
    await shop.knows(age=9)
    answer = await shop.decide(inbound("side_bar", who=ADA), request_id=fresh_id())
    assert answer.placements[0].no_action is not None
    assert answer.placements[0].no_action.reason is NoActionReason.NOT_ELIGIBLE
