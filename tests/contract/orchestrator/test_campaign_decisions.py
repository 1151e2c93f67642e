"""A person gets one decision of a campaign, on SQLite and on MongoDB."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from services.orchestrator.app.campaign_decisions import CampaignPerson
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.erase_subject_data import EraseSubjectData
from services.orchestrator.bootstrap import Stores
from tests.support.decisions import record, same_record


def of_campaign(number: int, *profile_ids: str, campaign: str = "autumn") -> DecisionRecord:
    plain = record(f"d_{number}", f"r_{number}")
    command = replace(plain.command, campaign_id=campaign)
    return replace(plain, command=command, profile_id=profile_ids[0], campaign_profile_ids=profile_ids)


async def found(stores: Stores, *profile_ids: str, campaign: str = "autumn") -> str | None:
    [decision_id] = await stores.campaigns.find([CampaignPerson(campaign, profile_ids)])
    return decision_id


async def test_a_person_has_one_decision_of_a_campaign(stores: Stores, other_stores: Stores) -> None:
    assert await stores.log.append(of_campaign(1, "p_1"))
    assert not await other_stores.log.append(of_campaign(2, "p_1"))
    assert await other_stores.log.get("d_2") is None
    assert await other_stores.log.get_by_request("r_2") is None
    assert await found(other_stores, "p_1") == "d_1"


async def test_other_campaigns_and_other_persons_are_free(stores: Stores) -> None:
    assert await stores.log.append(of_campaign(1, "p_1"))
    assert await stores.log.append(of_campaign(2, "p_1", campaign="winter"))
    assert await stores.log.append(of_campaign(3, "p_2"))
    assert await stores.log.append(record("d_4", "r_4"))
    people = [
        CampaignPerson("winter", ("p_1",)),
        CampaignPerson("autumn", ("p_9",)),
        CampaignPerson("autumn", ("p_2",)),
    ]
    assert list(await stores.campaigns.find(people)) == ["d_2", None, "d_3"]


async def test_whoever_was_merged_has_had_theirs(stores: Stores) -> None:
    assert await stores.log.append(of_campaign(1, "p_1"))
    assert not await stores.log.append(of_campaign(2, "p_2", "p_1"))
    assert await found(stores, "p_2") is None
    assert await found(stores, "p_2", "p_1") == "d_1"


async def test_a_profile_that_is_decided_for_by_an_old_name_shares_the_survivors_decision(stores: Stores) -> None:
    assert await stores.log.append(of_campaign(1, "p_2", "p_1"))
    assert not await stores.log.append(of_campaign(2, "p_1"))
    assert await found(stores, "p_1") == "d_1"


async def test_of_two_decisions_that_became_one_persons_the_first_profile_counts(stores: Stores) -> None:
    await stores.log.append(of_campaign(1, "p_1"))
    await stores.log.append(of_campaign(2, "p_2"))
    assert await found(stores, "p_2", "p_1") == "d_2"
    assert await found(stores, "p_1", "p_2") == "d_1"


async def test_of_many_that_race_for_a_person_exactly_one_is_kept(stores: Stores, other_stores: Stores) -> None:
    logs = [stores.log, other_stores.log]
    records = [of_campaign(number, f"p_{number % 3}", "p_shared") for number in range(12)]
    kept = await asyncio.gather(*(logs[number % 2].append(each) for number, each in enumerate(records)))
    assert kept.count(True) == 1
    winner = records[kept.index(True)]
    assert await found(stores, "p_shared") == winner.decision_id
    assert await stores.log.get(winner.decision_id) is not None


async def test_many_are_appended_as_each_would_be(stores: Stores, other_stores: Stores) -> None:
    await stores.log.append(of_campaign(1, "p_1"))
    await stores.log.append(record("d_2", "r_2"))
    batch = [
        of_campaign(3, "p_1"),
        record("d_4", "r_4"),
        record("d_5", "r_2"),
        of_campaign(6, "p_6"),
        of_campaign(7, "p_7", "p_6"),
        of_campaign(1, "p_1"),
    ]
    assert list(await stores.log.append_all(batch)) == [False, True, False, True, False, False]
    by_request = await other_stores.log.get_by_requests(["r_1", "r_2", "r_3", "r_4", "r_6", "r_7", "r_9"])
    assert {request_id: each.decision_id for request_id, each in by_request.items()} == {
        "r_1": "d_1",
        "r_2": "d_2",
        "r_4": "d_4",
        "r_6": "d_6",
    }
    assert same_record(by_request["r_4"], batch[1])


async def test_plain_records_are_appended_together_and_those_that_are_taken_left_out(stores: Stores) -> None:
    await stores.log.append(record("d_1", "r_1"))
    batch = [record("d_2", "r_2"), record("d_3", "r_1"), record("d_4", "r_4"), record("d_5", "r_4")]
    assert list(await stores.log.append_all(batch)) == [True, False, True, False]
    assert await stores.log.get("d_3") is None
    assert await stores.log.get("d_5") is None


async def test_what_was_erased_holds_nobody(stores: Stores) -> None:
    await stores.log.append(of_campaign(1, "p_1"))
    erase = EraseSubjectData(stores.erasures, _NoRewards(), lambda: 1, (stores.sticky.forget,))
    assert await erase(["p_1"]) == ("d_1",)
    assert await found(stores, "p_1") is None


class _NoRewards:
    """Implements RewardEraser."""

    async def erase_rewards(self, request_id: str, decision_ids: object, *, deadline_ms: int) -> None:
        """Nothing was learnt."""
