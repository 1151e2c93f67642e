"""DiffPolicies and SimulatePolicy over decisions of real services: what they say, and that they leave no trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.orchestrator.app.diff.diff_policies import DiffQuestion
from services.orchestrator.app.ports import ScoreQuestion, Scores
from services.orchestrator.bootstrap import ScoringPort
from services.orchestrator.domain.arms import Arm, Arms
from services.orchestrator.domain.diff.verdict import Finding
from services.orchestrator.domain.drops import Stage
from services.profile.domain.consents import ConsentStatus
from shared.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.support.diffed import LEVER, candidate, logged
from tests.support.dumps import dump_sqlite
from tests.support.limited_shop import MAIL_1, MAIL_2, limits
from tests.support.shop import Shop, inbound, open_shop, outbound

SHOES = {"  age: {type: int, immutable: true}": "  age: {type: int, immutable: true}\n  shoe_size: {type: int}"}


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


@pytest.fixture
async def shop(empty: Shop) -> Shop:
    await logged(empty, 40)
    return empty


class Counting:
    """The scoring service, and how often it was asked."""

    def __init__(self, scoring: ScoringPort) -> None:
        self._scoring = scoring
        self.calls = 0

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        self.calls += 1
        return await self._scoring.score(question, deadline_ms=deadline_ms)

    def __getattr__(self, name: str) -> object:
        return getattr(self._scoring, name)


async def active(shop: Shop) -> str:
    return (await shop.orchestrator.get_policy()).summary.policy_version


async def test_a_policy_beside_itself_changes_nothing(shop: Shop) -> None:
    report = await shop.orchestrator.diff_policies(DiffQuestion(await active(shop)))
    assert (report.winners_changed, report.probability_moved, report.starved_persons) == (0, 0.0, 0)
    assert report.difference is not None
    assert (report.difference.money_dr.low, report.difference.money_dr.high) == (0.0, 0.0)
    assert report.verdict is not None
    assert report.verdict.finding is Finding.NO_DIFFERENCE_SEEN
    assert report.decisions == report.sampled == report.valued == 60
    assert report.baseline is not None
    assert report.baseline.effective_size == pytest.approx(60), "made again by the same policy, it is the same draw"


async def test_it_leaves_no_trace(shop: Shop, tmp_path: Path) -> None:
    version = await candidate(shop, LEVER)
    before = dump_sqlite(tmp_path)
    report = await shop.orchestrator.diff_policies(DiffQuestion(version, by=("tier",)))
    await shop.orchestrator.simulate_policy(DiffQuestion(version))
    await asyncio.sleep(0.1)
    assert report.winners_changed > 0
    assert dump_sqlite(tmp_path) == before


async def test_what_was_clicked_is_worth_something(shop: Shop) -> None:
    page = await shop.orchestrator.sample_decisions(1_000, 0)
    for summary in page[::2]:
        decision = await shop.orchestrator.get_decision(summary.decision_id)
        await shop.clicks(decision.answer)
    report = await shop.orchestrator.simulate_policy(DiffQuestion(await active(shop)))
    assert report.candidate.value is not None
    assert report.candidate.value.successes_snips.mean == pytest.approx(0.5, abs=0.02)
    assert report.candidate.value.money_snips.mean == pytest.approx(4.0, abs=0.1)
    assert report.baseline is None


async def test_a_policy_that_says_nothing_starves_everybody(shop: Shop) -> None:
    version = await candidate(shop, {"reserve: 0.01": "reserve: 10000"})
    report = await shop.orchestrator.diff_policies(DiffQuestion(version, by=("tier",)))
    assert (report.candidate.side.contacts, report.starved_persons) == (0.0, 40)
    assert report.candidate.side.starving_actions() == ("espresso", "green_tea")
    assert report.candidate.untried_share == 0.0, "silence is known to bring nothing"
    assert report.candidate.value is not None
    assert report.candidate.value.money_dr.mean == 0.0


async def test_a_little_that_was_never_tried_is_no_merit(shop: Shop) -> None:
    """For one in forty there is something new that is said to be worth a fortune."""
    golden = """  golden_tea:
    group: tea
    business_value: '1000000.0'
    eligibility: [{id: of_twenty, when: 'age == 20'}]
    treatments:
      golden_tea_web: {channel: web, content: {en: {title: Golden tea}}}
"""
    report = await shop.orchestrator.diff_policies(
        DiffQuestion(await candidate(shop, {"lever: 1.5": "lever: 1.1", "  # Adults only": f"{golden}  # Adults only"}))
    )
    assert 0.0 < report.candidate.untried_share < 0.05
    assert report.verdict is not None
    assert report.verdict.finding is not Finding.BETTER
    assert report.difference is not None
    assert report.difference.money_dr.high < 1.0


async def test_groups_are_compared_and_segments_told(empty: Shop) -> None:
    """Coffee and tea are for gold alone now."""
    await empty.publish()
    for index in range(80):
        await empty.knows(f"crm:g{index}", age=30, tier=("gold", "silver")[index % 2])
        await empty.decide(inbound("side_bar", who=f"crm:g{index}"))
    gold = "eligibility: [{id: of_gold, when: 'tier == \"gold\"'}]"
    changes = {
        "  tea: {issue: grow,": f"  tea: {{issue: grow, {gold},",
        "  coffee: {issue: grow,": f"  coffee: {{issue: grow, {gold},",
    }
    report = await empty.orchestrator.diff_policies(DiffQuestion(await candidate(empty, changes), by=("tier",)))
    found = {(each.attribute, each.candidate.group): each for each in report.groups}
    assert found["tier", "silver"].candidate.is_unfair
    before = found["tier", "silver"].baseline
    assert before is not None
    assert not before.is_unfair
    assert found["segments", "gold"].candidate.persons == 40


async def test_an_attribute_that_is_declared_and_not_read_keeps_nobody_from_comparing(shop: Shop) -> None:
    unread = {**SHOES, "  shoe_size: {type: int}": "  shoe_size: {type: int, predictive: false}"}
    report = await shop.orchestrator.diff_policies(DiffQuestion(await candidate(shop, unread)))
    assert report.decisions == report.sampled


async def test_an_attribute_that_was_never_recorded_is_named(shop: Shop) -> None:
    reads = {**SHOES, "'age >= 18'": "'shoe_size >= 18'"}
    with pytest.raises(FailedPrecondition) as refused:
        await shop.orchestrator.diff_policies(DiffQuestion(await candidate(shop, reads)))
    assert refused.value.reason == "POLICIES_NOT_COMPARABLE"
    assert refused.value.metadata["attribute"] == "shoe_size"
    assert 'attribute "shoe_size" was not recorded then' in refused.value.message


async def test_an_attribute_of_another_type_is_named_with_both(shop: Shop) -> None:
    with pytest.raises(FailedPrecondition, match='attribute "age" was of type int, and is of type double now'):
        await shop.orchestrator.diff_policies(
            DiffQuestion(await candidate(shop, {"age: {type: int,": "age: {type: double,", "age >= 18": "age >= 18.0"}))
        )


async def test_what_can_be_compared_is_and_the_rest_is_counted(shop: Shop) -> None:
    reads = {**SHOES, "'age >= 18'": "'shoe_size >= 18 || age >= 18'"}
    await shop.publish(reads)
    for index in range(30):
        await shop.decide(inbound("side_bar", who=f"crm:p{index}"))
    report = await shop.orchestrator.diff_policies(DiffQuestion(await active(shop)))
    assert (report.decisions, report.sampled) == (30, 90)
    assert report.left_out == {'attribute "shoe_size" was not recorded then': 60}


async def test_caps_are_replayed_as_state(empty: Shop) -> None:
    """One mail a week in place of two: what the candidate did not send leaves room, what it sent takes it."""
    await empty.publish(limits(MAIL_2))
    for index in range(10):
        await empty.knows(f"crm:m{index}", age=16)
        await empty.hears(ConsentStatus.GRANTED, f"crm:m{index}")
        for _ in range(3):
            await empty.decide(outbound("EMAIL", who=f"crm:m{index}"))
    one, two = await candidate(empty, limits(MAIL_1)), await active(empty)
    report = await empty.orchestrator.diff_policies(DiffQuestion(one, two))
    assert report.baseline is not None
    assert report.baseline.side.contacts == pytest.approx(20, abs=0.5)
    assert report.candidate.side.contacts == pytest.approx(10, abs=0.5)
    assert report.candidate.side.capped["mail_week"] > report.baseline.side.capped["mail_week"] > 0
    assert report.candidate.side.dropped[Stage.CONTACT_POLICY] > 0
    more = await candidate(empty, limits("{id: mail_week, channel: email, max: 3, window: 7d}"))
    report = await empty.orchestrator.diff_policies(DiffQuestion(more, two))
    assert report.candidate.side.contacts == pytest.approx(30, abs=0.5), "its own third mail, and no more"


async def test_other_arms_are_named_and_drawn_anew(shop: Shop) -> None:
    """The log knows no arms. Whom the candidate holds out is a matter of the profile's id alone."""
    arms = {"policy: corner_shop\n": "policy: corner_shop\narms: {holdout: 0.4, random_eligible: 0.0005}\n"}
    report = await shop.orchestrator.diff_policies(DiffQuestion(await candidate(shop, arms)))
    assert report.arms is not None
    assert report.arms.text == "control arms differ: HOLDOUT 0% to 40%, RANDOM_ELIGIBLE 0% to 0.05%"
    assert report.verdict is not None
    assert report.verdict.text.endswith(report.arms.text)
    drawn = Arms("corner_shop", {Arm.HOLDOUT: 0.4, Arm.RANDOM_ELIGIBLE: 0.0005})
    reached = report.candidate.side.by_person
    assert {who for who, contacts in reached.items() if not contacts} == {
        who for who in reached if drawn.arm_of(who) is Arm.HOLDOUT
    }
    assert report.baseline is not None
    assert all(report.baseline.side.by_person.values())


async def test_who_was_in_another_arm_then_is_decided_for_by_the_models_now(empty: Shop, tmp_path: Path) -> None:
    """RULES_ONLY has the prior's propensities on record; the candidate has no arms, and asks the models."""
    everybody = {"policy: corner_shop\n": "policy: corner_shop\narms: {rules_only: 0.99}\n"}
    await empty.publish(everybody)
    for index in range(20):
        await empty.knows(f"crm:r{index}", age=30)
        await empty.decide(inbound("side_bar", who=f"crm:r{index}"))
    asked = Counting(empty.others.scoring)
    async with open_shop(tmp_path, {"scoring": asked}) as again:
        await again.orchestrator.simulate_policy(DiffQuestion(await active(empty)))
        assert asked.calls == 0, "made again by the same policy, it is the same decision"
        await again.orchestrator.simulate_policy(DiffQuestion(await candidate(empty, {})))
    assert asked.calls > 0


async def test_bad_questions_are_refused(shop: Shop, empty: Shop) -> None:
    with pytest.raises(NotFound):
        await shop.orchestrator.diff_policies(DiffQuestion("policy_0"))
    with pytest.raises(InvalidArgument) as faulty:
        await shop.orchestrator.diff_policies(DiffQuestion(await active(shop), by=("tier", "age")))
    assert faulty.value.violations[0].field == "group_by[1]"


async def test_without_decisions_there_is_nothing_to_say(empty: Shop) -> None:
    with pytest.raises(FailedPrecondition) as nothing:
        await empty.orchestrator.diff_policies(DiffQuestion(await empty.publish()))
    assert nothing.value.reason == "NO_DECISIONS"
