"""Rewards sent to replicas of the scoring service, and when the scores of each replica show them.

Every reward is the first of its action, and beside each action stands another of the same group that nobody ever
rewards. Until a replica has learnt the reward, both score alike; from then on they do not. Replicas are asked every
POLL_S, and all of them score other customers all the time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from tandem.common.v1 import value_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb
from tandem.scoring.v1.scoring_service_pb2_grpc import ScoringServiceStub

from tests.support.tandem_client import fresh, typed

PAUSE_S = 0.1
"""Between rewards, on average."""
POLL_S = 0.02
LOAD_S = 0.05
LOAD_CANDIDATES = 50
GROUPS = 10
TIMEOUT_S = 30.0
VISIBLE = 1e-4
"""Of a probability: by so much at least a reward tells its action from the one beside it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A reward that one replica answered. `lead` is how much its action's score exceeded that of `beside` before."""

    action: str
    beside: str
    reward: float
    lead: float
    sent_s: float
    position: int

    def is_learnt(self, answer: pb.ScoreActionsResponse, column: int = 0) -> bool:
        """By what scored the action and the one beside it in two columns. Its scores must be as its version says."""
        if position_of(answer.model_version) < self.position:
            return False
        assert (answer.evidences[column], answer.evidences[column + 1]) == (1.0, 0.0), (self, answer.model_version)
        moved = _lead(answer, column) - self.lead
        assert (moved if self.reward else -moved) > VISIBLE, (self, moved)
        return True


@dataclass(frozen=True, slots=True)
class Delays:
    """From the sending of a reward to the answer of the first score that shows it: of the replica that received it,
    whose very first score must, and of each of the others."""

    own_s: list[float] = field(default_factory=list)
    others_s: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Replica:
    stub: Any
    version: str = ""
    awaited: dict[Sent, asyncio.Future[float]] = field(default_factory=dict)
    scores: int = 0

    async def score(self, features: dict[str, value_pb2.Feature], actions: Sequence[str]) -> pb.ScoreActionsResponse:
        request = pb.ScoreActionsRequest(
            feature_set_version=self.version,
            features=features,
            actions=actions,
            channels=["WEB"] * len(actions),
            placement_ids=["home"] * len(actions),
        )
        self.scores += 1
        answer: pb.ScoreActionsResponse = await self.stub.ScoreActions(request, timeout=TIMEOUT_S)
        return answer

    async def record(self, reward: pb.Reward) -> int:
        """Answers the position that the model has with it."""
        request = pb.RecordRewardsRequest(request_id=fresh("rewards"), rewards=[reward])
        answer = await self.stub.RecordRewards(request, timeout=TIMEOUT_S)
        assert answer.items[0].HasField("result"), answer
        return position_of(answer.model_version)

    def shows(self, sent: Sent) -> asyncio.Future[float]:
        """When a score of this replica showed it."""
        return self.awaited.setdefault(sent, asyncio.get_running_loop().create_future())

    async def watch(self, features: dict[str, value_pb2.Feature]) -> None:
        """Until it is cancelled."""
        while True:
            asked_s = time.perf_counter()
            awaited = tuple(self.awaited)
            if awaited:
                answer = await self.score(features, [name for each in awaited for name in (each.action, each.beside)])
                now_s = time.perf_counter()
                for number, sent in enumerate(awaited):
                    if sent.is_learnt(answer, 2 * number):
                        self.awaited.pop(sent).set_result(now_s)
            await asyncio.sleep(max(0.0, asked_s + POLL_S - time.perf_counter()))


class Store:
    """Its replicas, and an action for each reward: so many one at a time, and then so many times one to every replica
    at the same moment, where their writes meet. To be closed."""

    def __init__(self, addresses: Sequence[str], singly: int, meetings: int, seed: int = 1) -> None:
        self._channels = [grpc.aio.insecure_channel(address) for address in addresses]
        self.replicas = [Replica(ScoringServiceStub(channel)) for channel in self._channels]  # type: ignore[no-untyped-call]
        self._rng = random.Random(seed)
        self._counts = singly, meetings
        self._actions = [f"item_{number}" for number in range(singly + meetings * len(self.replicas))]
        self._watcher = self._customer()
        self.single, self.met = Delays(), Delays()

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close(None)

    async def publish(self) -> None:
        """And has every replica use it once."""
        request = pb.PublishFeatureSetRequest(request_id=fresh("publish"), feature_set=self._feature_set())
        version = (await self.replicas[0].stub.PublishFeatureSet(request, timeout=TIMEOUT_S)).feature_set_version
        for replica in self.replicas:
            replica.version = version
            await replica.score(self._watcher, self._actions)

    async def reward_every_action(self) -> float:
        """Once, under load, with random pauses. Answers how many seconds that took."""
        started_s = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(each.watch(self._watcher)) for each in self.replicas]
            background += [tasks.create_task(self._load(each)) for each in self.replicas]
            async with asyncio.TaskGroup() as spreading:
                await self._reward_all(spreading)
            for task in background:
                task.cancel()
        return time.perf_counter() - started_s

    async def whole_answers(self, customers: int) -> list[tuple[bytes, ...]]:
        """Of each replica, the scores of every action for the same customers, as they came."""
        asked = [self._customer() for _ in range(customers)]
        answers = [[await replica.score(each, self._all_actions) for each in asked] for replica in self.replicas]
        return [tuple(each.SerializeToString(deterministic=True) for each in of_replica) for of_replica in answers]

    async def positions(self) -> list[int]:
        answers = [await replica.score(self._watcher, self._actions[:1]) for replica in self.replicas]
        return [position_of(answer.model_version) for answer in answers]

    async def _reward_all(self, spreading: asyncio.TaskGroup) -> None:
        singly, meetings = self._counts
        for number in range(singly):
            await self._pause()
            spreading.create_task(await self._reward(self._actions[number], self._receiver(number), self.single))
        for first in range(singly, singly + meetings * len(self.replicas), len(self.replicas)):
            await self._pause()
            together = zip(self._actions[first:], self.replicas, strict=False)
            for spread in await asyncio.gather(*(self._reward(action, own, self.met) for action, own in together)):
                spreading.create_task(spread)

    async def _reward(self, action: str, own: Replica, delays: Delays) -> Coroutine[None, None, None]:
        """Until its replica shows it; answers what is left to wait for, the other replicas."""
        beside, reward = self._beside(action), float(self._rng.random() < 0.5)
        lead = _lead(await own.score(self._watcher, [action, beside]), 0)
        message = pb.Reward(
            reward_key=fresh("decision") + "/home",
            feature_set_version=own.version,
            action=action,
            channel="WEB",
            placement_id="home",
            features=self._customer(),
            reward=reward,
        )
        sent_s = time.perf_counter()
        sent = Sent(action, beside, reward, lead, sent_s, await own.record(message))
        others = [replica.shows(sent) for replica in self.replicas if replica is not own]
        answer = await own.score(self._watcher, [action, beside])
        delays.own_s.append(time.perf_counter() - sent_s)
        assert sent.is_learnt(answer), f"the next score does not have it: {sent}"
        return self._spread(sent, others, delays)

    async def _spread(self, sent: Sent, others: Sequence[asyncio.Future[float]], delays: Delays) -> None:
        delays.others_s.extend([seen_s - sent.sent_s for seen_s in await asyncio.gather(*others)])

    def _receiver(self, number: int) -> Replica:
        """At first all in turn: what is to be appended brings a replica up to date before its time. Then one after the
        other for a third of the rest, so that the others have but their own pace."""
        count, in_turn = len(self.replicas), self._counts[0] // 2
        if number < in_turn:
            return self.replicas[number % count]
        return self.replicas[(number - in_turn) * count // (self._counts[0] - in_turn)]

    async def _pause(self) -> None:
        await asyncio.sleep(self._rng.expovariate(1 / PAUSE_S))

    async def _load(self, replica: Replica) -> None:
        """Until it is cancelled."""
        while True:
            asked_s = time.perf_counter()
            await replica.score(self._customer(), self._rng.choices(self._actions, k=LOAD_CANDIDATES))
            await asyncio.sleep(max(0.0, asked_s + LOAD_S - time.perf_counter()))

    def _beside(self, action: str) -> str:
        """The action of its group that is never rewarded."""
        return f"unrewarded_{int(action.removeprefix('item_')) % GROUPS}"

    def _customer(self) -> dict[str, value_pb2.Feature]:
        values = {"age": self._rng.randrange(18, 80), "tier": self._rng.choice(("gold", "silver", "basic"))}
        return {name: value_pb2.Feature(status="FEATURE_STATUS_PRESENT", value=typed(v)) for name, v in values.items()}

    @property
    def _all_actions(self) -> list[str]:
        return self._actions + [f"unrewarded_{group}" for group in range(GROUPS)]

    def _feature_set(self) -> pb.FeatureSet:
        groups = [*range(len(self._actions)), *range(GROUPS)]
        return pb.FeatureSet(
            features=[
                pb.FeatureDeclaration(name="age", type=value_pb2.ATTRIBUTE_TYPE_INT),
                pb.FeatureDeclaration(name="tier", type=value_pb2.ATTRIBUTE_TYPE_STRING),
            ],
            actions=[
                pb.ActionDeclaration(action=action, group=f"group_{number % GROUPS}", issue="grow")
                for action, number in zip(self._all_actions, groups, strict=True)
            ],
            prior_propensity=0.1,
        )


def position_of(model_version: str) -> int:
    return int(model_version.rpartition("@")[2])


def _lead(answer: pb.ScoreActionsResponse, column: int) -> float:
    return answer.means[column] - answer.means[column + 1]
