"""EvaluatePolicy over a real channel: what the comments of its proto promise, and what `tandem evaluate` says."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from tandem.scoring.v1 import evaluation_pb2 as pb
from tandem.scoring.v1 import scoring_service_pb2

from services.cli.__main__ import main
from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.bootstrap import bootstrap
from services.scoring.domain.evaluation.estimates import ESTIMATORS
from services.scoring.domain.evaluation.outcome_model import cross_fitted
from services.scoring.domain.evaluation.refusal import Reason
from services.scoring.domain.logs.log import Log
from services.scoring.settings import ScoringSettings
from shared.rpc.errors import from_rpc_error
from tests.support.grpc_server import Loopback, loopback
from tests.support.logs import SPEC, log_of, visits

SERVICE = scoring_service_pb2.DESCRIPTOR.services_by_name["ScoringService"]
SEED = 3
SEVERAL = SPEC.replace("{greedy: t}", "{greedy: t, mixed: m}")
Documents = Callable[[Mapping[str, Any], str], dict[str, Any]]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Loopback]:
    """No store is read: one of them is enough."""
    settings = ScoringSettings(data_dir=tmp_path, listen_address="127.0.0.1:0", metrics_address="off")
    async with AsyncExitStack() as stack:
        components = await bootstrap(settings, stack)
        yield await stack.enter_async_context(loopback(SERVICE, components.binding.servicer))


async def evaluated(
    server: Loopback, log: pb.DecisionLog, *targets: pb.TargetPolicy, timeout: float = 120, **options: Any
) -> pb.EvaluatePolicyResponse:
    request = pb.EvaluatePolicyRequest(log=log, targets=targets, **options)
    answer: pb.EvaluatePolicyResponse = await server.unary("EvaluatePolicy")(request, timeout=timeout)
    return answer


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Documents:
    """What `tandem evaluate --json` prints for a log."""

    def evaluate(columns: Mapping[str, Any], spec: str) -> dict[str, Any]:
        log_of(tmp_path, columns, spec)
        files = ["--log", str(tmp_path / "log.csv"), "--spec", str(tmp_path / "SPEC.yaml")]
        assert main(["evaluate", *files, "--seed", str(SEED), "--json"]) == 0
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return evaluate


def columns(rows: int = 1_500, **others: Any) -> dict[str, Any]:
    found = visits(rows)
    return {**found, "m": np.random.default_rng(9).uniform(0.2, 0.6, rows), **others}


def sent(log: Log, **others: Any) -> pb.DecisionLog:
    fields = {"rewards": log.reward, "choice_probabilities": log.probability, "eligible_counts": [2], **others}
    return pb.DecisionLog(**fields)


def targets_of(log: Log) -> list[pb.TargetPolicy]:
    return [pb.TargetPolicy(name=name, probabilities=column) for name, column in (log.targets or {}).items()]


def document_of(found: pb.Valuation) -> dict[str, Any]:
    """As `tandem evaluate` prints it."""
    answers = {pb.Estimator.Name(each.estimator).removeprefix("ESTIMATOR_").lower(): each for each in found.answers}
    estimates = {kind: each.estimate for kind, each in answers.items() if each.HasField("estimate")}
    return {
        **dict.fromkeys(ESTIMATORS),
        **{kind: {"mean": one.mean, "low": one.low, "high": one.high} for kind, one in estimates.items()},
        "not_applicable": {kind: each.refusal.text for kind, each in answers.items() if each.HasField("refusal")},
        "ess": found.effective_sample_size,
        "positives": found.weighted_positives,
        "identity": identity_of(found.mean_weight),
        "refusal": found.refusal.text if found.HasField("refusal") else None,
    }


def identity_of(check: pb.IdentityCheck) -> dict[str, Any]:
    names = ("mean", "low", "high", "expected", "deviations", "holds")
    return {name: value if math.isfinite(value) else None for name in names for value in [getattr(check, name)]}


def figures(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in policy.items() if name not in ("rows", "verdict", "on_rest")}


@pytest.mark.parametrize("probability", ["known", "uniform"])
async def test_targets_are_worth_what_tandem_evaluate_says(
    server: Loopback, cli: Documents, tmp_path: Path, probability: str
) -> None:
    own = columns(p=[0.5] * 1_500) if probability == "uniform" else columns()
    document, log = cli(own, SEVERAL), log_of(tmp_path, own, SEVERAL)
    expected = cross_fitted(log, LightGbmLearner(), SEED)
    predictions = pb.RewardPredictions(rewards=expected.outcome[np.arange(len(log)), log.action])
    found = await evaluated(server, sent(log, predictions=predictions), *targets_of(log), seed=SEED)
    assert (found.rows, found.positives) == (document["rows"], document["positives"])
    assert identity_of(found.inverse_probability) == document["identity"]
    assert [each.name for each in (found.logged, *found.targets)] == ["logged", "greedy", "mixed"]
    for policy in (found.logged, *found.targets):
        assert document_of(policy.reward) == figures(document["policies"][policy.name])
        assert not policy.HasField("value")


async def test_direct_method_and_doubly_robust_are_what_tandem_evaluate_says(
    server: Loopback, cli: Documents, tmp_path: Path
) -> None:
    own = columns()
    document, log = cli(own, SPEC), log_of(tmp_path, own, SPEC)
    expected = cross_fitted(log, LightGbmLearner(), SEED)
    predictions = pb.RewardPredictions(
        rewards=expected.outcome[np.arange(len(log)), log.action],
        largest_rewards=expected.outcome.max(axis=1),
        parts=expected.fold,
    )
    half = [0.5] * len(log)
    uniform = pb.TargetPolicy(
        name="even",
        probabilities=half,
        largest_probabilities=half,
        predicted_rewards=(0.5 * expected.outcome).sum(axis=1),
    )
    found = await evaluated(server, sent(log, predictions=predictions), uniform, seed=SEED)
    assert document_of(found.targets[0].reward) == figures(document["policies"]["uniform"])


async def test_values_and_verdicts_are_what_tandem_evaluate_says_of_the_rest(
    server: Loopback, cli: Documents, tmp_path: Path
) -> None:
    own = columns(p=[0.5] * 1_500)
    own["euros"] = np.round(own["click"] * np.random.default_rng(5).gamma(2.0, 10.0, 1_500), 2)
    spec = f"{SPEC}value: euros\n"
    document, log = cli(own, spec), log_of(tmp_path, own, spec)
    rest = log.take(slice(750, None))
    predictions = pb.RewardPredictions(rewards=np.full(len(rest), 0.5))
    log_of_rest = sent(rest, values=rest.value, predictions=predictions)
    found = await evaluated(server, log_of_rest, *targets_of(rest), seed=SEED)
    for policy in (found.logged, *found.targets):
        told = document["policies"][policy.name]
        assert document_of(policy.reward) == told["on_rest"]
        assert document_of(policy.value) == document["value"][policy.name]
        assert policy.verdict == told["verdict"]
    assert [each.verdict for each in found.targets] == ["better than logged"]


async def test_estimates_follow_the_textbook_formulas(server: Loopback) -> None:
    log = pb.DecisionLog(
        rewards=[30.0, 10.0, 30.0],
        choice_probabilities=[0.5, 0.5, 0.25],
        reward_range=pb.RewardRange(low=10.0, high=30.0),
        predictions=pb.RewardPredictions(rewards=[20.0, 20.0, 25.0], parts=[0, 1, 1]),
    )
    target = pb.TargetPolicy(name="new", probabilities=[0.25, 0.75, 0.25], predicted_rewards=[15.0, 20.0, 25.0])
    found = await evaluated(server, log, target)
    assert not found.HasField("inverse_probability")
    answers = {each.estimator: each.estimate for each in found.targets[0].reward.answers if each.HasField("estimate")}
    weights, gains = np.array([0.5, 1.5, 1.0]), np.array([1.0, 0.0, 1.0])
    outcomes = {
        pb.ESTIMATOR_IPS: float((weights * gains).mean()),
        pb.ESTIMATOR_SNIPS: float((weights * gains).sum() / weights.sum()),
        pb.ESTIMATOR_DM: 0.5,
        pb.ESTIMATOR_DR: float((np.array([0.25, 0.5, 0.75]) + weights * (gains - [0.5, 0.5, 0.75])).mean()),
    }
    assert {kind: each.mean for kind, each in answers.items()} == pytest.approx(
        {kind: 10.0 + 20.0 * mean for kind, mean in outcomes.items()}
    )
    assert all(10.0 <= each.low <= each.mean <= each.high <= 30.0 for each in answers.values())
    assert found.targets[0].reward.effective_sample_size == pytest.approx(9.0 / (0.25 + 2.25 + 1.0))
    assert found.targets[0].reward.weighted_positives == pytest.approx(1.5)


def plain(rows: int = 100, **others: Any) -> pb.DecisionLog:
    """Every second row is rewarded, and both of two actions are equally likely."""
    fields = {"rewards": [1.0, 0.0] * (rows // 2), "choice_probabilities": [0.5] * rows, "eligible_counts": [2]}
    return pb.DecisionLog(**{**fields, **others})


def target(rows: int = 100, **others: Any) -> pb.TargetPolicy:
    return pb.TargetPolicy(**{"name": "new", "probabilities": [0.5] * rows, **others})


async def test_what_the_data_cannot_tell_is_refused_with_a_reason(server: Loopback) -> None:
    predictions = pb.RewardPredictions(rewards=[0.5] * 100)

    async def reasons(log: pb.DecisionLog, policy: pb.TargetPolicy) -> dict[str, str]:
        (found,) = (await evaluated(server, log, policy)).targets
        answers = [each for each in found.reward.answers if each.HasField("refusal")]
        refused = {pb.Estimator.Name(each.estimator): each.refusal for each in answers}
        if found.reward.HasField("refusal"):
            refused["all"] = found.reward.refusal
            assert found.verdict == f"the data cannot tell: {found.reward.refusal.text}"
        assert all(each.text for each in refused.values())
        return {
            name.removeprefix("ESTIMATOR_"): pb.Refusal.Reason.Name(each.reason).removeprefix("REASON_")
            for name, each in refused.items()
        }

    without = dict.fromkeys(("DM", "DR"), "NO_PREDICTIONS")
    other = target(probabilities=[0.5, 0.4] * 50)
    assert await reasons(plain(), target()) == without
    assert await reasons(plain(), target(probabilities=[0.0] * 100)) == without | {
        "REPLAY": "NEVER_TAKEN",
        "all": "FEW_EFFECTIVE_ROWS",
    }
    assert (await reasons(plain(eligible_counts=[]), other))["REPLAY"] == "LOG_NOT_UNIFORM"
    assert (await reasons(plain(eligible_counts=[3]), other))["REPLAY"] == "LOG_NOT_UNIFORM"
    assert (await reasons(plain(20), target(20)))["all"] == "FEW_EFFECTIVE_ROWS"
    assert (await reasons(plain(rewards=[0.0] * 100), target()))["all"] == "FEW_POSITIVES"
    assert (await reasons(plain(), target(probabilities=[1.0] * 100)))["all"] == "PROBABILITIES_DO_NOT_FIT"
    untold = dict.fromkeys(("DM", "DR"), "OTHER_ACTIONS_UNKNOWN")
    assert await reasons(plain(predictions=predictions), target()) == untold
    told = target(predicted_rewards=[0.5] * 100)
    assert await reasons(plain(predictions=predictions), told) == {"DM": "NO_PARTS"}
    predictions.parts.extend([7] * 100)
    assert await reasons(plain(predictions=predictions), told) == {"DM": "NO_PARTS"}
    predictions.parts[0] = 8
    assert await reasons(plain(predictions=predictions), told) == {}


def test_every_reason_and_every_estimator_of_the_model_is_one_of_the_contract() -> None:
    reasons = {name.removeprefix("REASON_") for name in pb.Refusal.Reason.keys()}  # noqa: SIM118 not a mapping
    assert reasons == {"UNSPECIFIED", *(reason.name for reason in Reason)}
    estimators = [name.removeprefix("ESTIMATOR_").lower() for name in pb.Estimator.keys()]  # noqa: SIM118
    assert estimators == ["unspecified", *ESTIMATORS]


async def test_only_the_wanted_estimators_are_answered_and_intervals_are_as_sure_as_asked_for(
    server: Loopback,
) -> None:
    widths = []
    for confidence in (0.5, 0.95, 0.999):
        found = await evaluated(server, plain(), target(), estimators=[pb.ESTIMATOR_IPS], confidence=confidence)
        ips, snips = found.targets[0].reward.answers
        assert (ips.estimator, snips.estimator) == (pb.ESTIMATOR_IPS, pb.ESTIMATOR_SNIPS)
        check = found.inverse_probability
        widths.append((ips.estimate.high - ips.estimate.low, snips.estimate.high - snips.estimate.low))
        assert (check.mean, check.expected, check.deviations, check.holds) == (2.0, 2.0, 0.0, True)
    assert widths[0] < widths[1] < widths[2]
    assert widths[0][1] < widths[1][1] < widths[2][1]
    default = (await evaluated(server, plain(), target())).targets[0].reward.answers[2].estimate
    assert default.high - default.low == widths[1][1]


async def test_extreme_numbers_give_figures_and_no_fault(server: Loopback) -> None:
    log = plain(
        choice_probabilities=[1e-100, *[0.5] * 99],
        values=[1e12, -1e12] * 50,
        reward_range=pb.RewardRange(low=-1e12, high=1e12),
    )
    found = await evaluated(server, log, target())
    for valuation in (found.targets[0].reward, found.targets[0].value):
        for answer in valuation.answers:
            if answer.HasField("estimate"):
                one = answer.estimate
                assert -1e12 <= one.low <= one.high <= 1e12
                assert math.isfinite(one.mean)
        assert valuation.refusal.reason == pb.Refusal.REASON_FEW_EFFECTIVE_ROWS
    one_row = await evaluated(server, plain(2, eligible_counts=[2, 2]), target(2))
    assert one_row.targets[0].reward.answers[2].estimate.low >= 0.0


NAN, HALVES = math.nan, [0.5] * 100
PREDICTED = pb.RewardPredictions(rewards=HALVES)
BAD: dict[str, tuple[pb.DecisionLog, list[pb.TargetPolicy], dict[str, Any]]] = {
    "log.rewards": (plain(200_002), [target()], {}),
    "log.rewards[99]": (plain(rewards=[*HALVES[:99], NAN]), [target()], {}),
    "log.rewards[2]": (plain(rewards=[0.0, 1.0, 1.1, *HALVES[:97]]), [target()], {}),
    "log.rewards[0]": (plain(rewards=[1e300, *HALVES[:99]]), [target()], {}),
    "log.choice_probabilities": (plain(choice_probabilities=[0.5] * 99), [target()], {}),
    "log.choice_probabilities[7]": (plain(choice_probabilities=[*[0.5] * 7, 0.0, *[0.5] * 92]), [target()], {}),
    "log.choice_probabilities[0]": (plain(choice_probabilities=[NAN] * 100), [target()], {}),
    "log.choice_probabilities[1]": (plain(choice_probabilities=[0.5, 5e-324, *[0.5] * 98]), [target()], {}),
    "log.eligible_counts": (plain(eligible_counts=[2, 2]), [target()], {}),
    "log.eligible_counts[4]": (plain(eligible_counts=[2, 2, 2, 2, 0, *[2] * 95]), [target()], {}),
    "log.eligible_counts[0]": (plain(eligible_counts=[-1]), [target()], {}),
    "log.reward_range": (plain(reward_range=pb.RewardRange(low=1.0, high=1.0)), [target()], {}),
    "log.values": (plain(values=[1.0]), [target()], {}),
    "log.values[3]": (plain(values=[1.0, 2.0, 3.0, math.inf, *HALVES[:96]]), [target()], {}),
    "log.predictions.rewards": (plain(predictions=pb.RewardPredictions(rewards=[0.5])), [target()], {}),
    "log.predictions.rewards[0]": (plain(predictions=pb.RewardPredictions(rewards=[1.5] * 100)), [target()], {}),
    "log.predictions.largest_rewards[0]": (
        plain(predictions=pb.RewardPredictions(rewards=HALVES, largest_rewards=[0.4] * 100)),
        [target()],
        {},
    ),
    "log.predictions.parts[1]": (
        plain(predictions=pb.RewardPredictions(rewards=HALVES, parts=[0, -1, *[0] * 98])),
        [target()],
        {},
    ),
    "targets": (plain(), [target(name=f"t{place}") for place in range(21)], {}),
    "targets[0].name": (plain(), [target(name="logged")], {}),
    "targets[2].name": (plain(), [target(), target(name="b"), target(name="x" * 65)], {}),
    "targets[1].name": (plain(), [target(), target()], {}),
    "targets[1].probabilities": (plain(), [target(), target(name="b", probabilities=[0.5])], {}),
    "targets[0].probabilities[2]": (plain(), [target(probabilities=[0.5, 0.5, -0.1, *HALVES[:97]])], {}),
    "targets[0].probabilities[0]": (plain(), [target(probabilities=[NAN] * 100)], {}),
    "targets[0].largest_probabilities": (plain(), [target(largest_probabilities=[1.0])], {}),
    "targets[0].largest_probabilities[1]": (
        plain(),
        [target(largest_probabilities=[0.5, 0.4, *HALVES[:98]])],
        {},
    ),
    "targets[0].predicted_rewards": (plain(), [target(predicted_rewards=HALVES)], {}),
    "targets[0].predicted_rewards[9]": (
        plain(predictions=PREDICTED),
        [target(predicted_rewards=[*HALVES[:9], 2.0, *HALVES[:90]])],
        {},
    ),
    "estimators[1]": (plain(), [target()], {"estimators": [pb.ESTIMATOR_IPS, 9]}),
    "estimators[0]": (plain(), [target()], {"estimators": [pb.ESTIMATOR_UNSPECIFIED]}),
    "confidence": (plain(), [target()], {"confidence": NAN}),
    "seed": (plain(), [target()], {"seed": -1}),
}


async def refused(call: Any) -> tuple[grpc.StatusCode, str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = from_rpc_error(caught.value)
    return caught.value.code(), error.reason, error.violations[0].field if error.violations else ""


async def test_bad_input_is_refused_by_the_name_of_the_field_and_the_item(server: Loopback) -> None:
    for path, (log, targets, options) in BAD.items():
        error = await refused(evaluated(server, log, *targets, **options))
        assert error == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", path)
    for path, log, targets in (
        ("log.rewards", plain(rewards=[]), [target()]),
        ("targets", plain(), []),
        ("targets[0].name", plain(), [target(name="")]),
        ("log.predictions.rewards", plain(predictions=pb.RewardPredictions()), [target()]),
    ):
        error = await refused(evaluated(server, log, *targets))
        assert error == (grpc.StatusCode.INVALID_ARGUMENT, "REQUIRED_FIELD_MISSING", path)


async def test_other_calls_are_answered_meanwhile_and_a_deadline_ends_the_work(server: Loopback) -> None:
    rows = 100_000
    rng, loop = np.random.default_rng(0), asyncio.get_running_loop()
    threads = ThreadPoolExecutor()
    loop.set_default_executor(threads)
    log = pb.DecisionLog(
        rewards=(rng.random(rows) < 0.0005).astype(float), choice_probabilities=rng.uniform(0.1, 1.0, rows)
    )
    targets = [pb.TargetPolicy(name=f"t{place}", probabilities=rng.random(rows)) for place in range(20)]
    long = asyncio.create_task(refused(evaluated(server, log, *targets, timeout=3)))
    answered = 0
    while not long.done():
        await server.unary("ListModels")(scoring_service_pb2.ListModelsRequest(), timeout=3)
        answered += 1
    assert (await long)[:2] == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert answered > 10
    # What is left of the evaluation would take a minute; a look at the rows takes milliseconds.
    loop.set_default_executor(ThreadPoolExecutor())
    await asyncio.wait_for(asyncio.to_thread(threads.shutdown), 20)
