"""One bandit of others in a process of its own: `python explore_peer.py ENGINE`. A line of JSON in, its answer out.
Runs in the peers' virtual environment and imports nothing of this project.

First {"parameters", "seed", "kinds": what each feature is, "sample": customers to take scales and quintiles from,
"day": its rounds}. Then, once a batch, {"actions": new ones, "outcomes": [round, reward, is_correction], "start",
"customers"}, and the answer is {"chosen": a place in the list of actions for each customer}. A correction is learnt as
one more presentation that succeeded, for none of these can take back what it learnt; LightGBM is trained anew and
simply knows better.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy

VW_WAYS = {
    "vw-squarecb": "--squarecb --gamma_scale {gamma_scale} --gamma_exponent {gamma_exponent}",
    "vw-bag": "--bag {bag} --epsilon {epsilon}",
}


def main(engine: str) -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the libraries write their warnings to standard output
    learner: Any = None
    for line in sys.stdin:
        try:
            message = json.loads(line)
            answer: dict[str, Any] = {}
            if learner is None:
                learner = ENGINES[engine](engine, message)
            else:
                learner.add(message["actions"])
                learner.learn([(number, reward, bool(again)) for number, reward, again in message["outcomes"]])
                answer = {"chosen": [int(each) for each in learner.choose(message["start"], message["customers"])]}
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), file=out, flush=True)


class Encoder:
    """Customers for learners that need numbers: logarithms to a mean of 0 and a deviation of 1, and quintiles."""

    def __init__(self, kinds: dict[str, str], sample: list[list[Any]]) -> None:
        self.names, kinds_of = list(kinds), list(kinds.values())
        self.numbers = [place for place, kind in enumerate(kinds_of) if kind == "number"]
        self.words = [place for place, kind in enumerate(kinds_of) if kind != "number"]
        logs = self._logs(sample)
        self.mean, self.deviation = logs.mean(0), logs.std(0)
        self.quintiles = numpy.quantile(logs, [0.2, 0.4, 0.6, 0.8], axis=0)
        self.vocabulary: list[dict[Any, int]] = [
            {word: code for code, word in enumerate(sorted({row[place] for row in sample}))} for place in self.words
        ]

    def _logs(self, customers: list[list[Any]]) -> Any:
        return numpy.log1p(numpy.array([[row[place] for place in self.numbers] for row in customers], float))

    def scaled(self, customers: list[list[Any]]) -> tuple[Any, Any]:
        """Logarithms, and the quintile of each."""
        logs = self._logs(customers)
        return (logs - self.mean) / self.deviation, (logs[:, None, :] > self.quintiles).sum(1)

    def codes(self, customers: list[list[Any]]) -> Any:
        """-1 for a word that the sample does not have."""
        rows = [
            [words.get(row[place], -1) for place, words in zip(self.words, self.vocabulary, strict=True)]
            for row in customers
        ]
        return numpy.array(rows, int)

    def one_hot(self, customers: list[list[Any]]) -> Any:
        codes = self.codes(customers)
        return numpy.hstack(
            [codes[:, [column]] == numpy.arange(len(words)) for column, words in enumerate(self.vocabulary)]
        )


class VowpalWabbit:
    """`--cb_explore_adf`, namespaces c (customer), a (action), g (its kin), b (its attributes), crossed by -q."""

    def __init__(self, engine: str, start: dict[str, Any]) -> None:
        from vowpalwabbit import Workspace  # type: ignore[import-not-found]

        given = start["parameters"]
        crosses = " ".join(f"-q {each}" for each in given["crosses"].split())
        self.vw = Workspace(
            f"--cb_explore_adf {VW_WAYS[engine].format(**given)} {crosses} -b 20 --quiet"
            f" --learning_rate {given['learning_rate']} --power_t {given['power_t']} --random_seed {start['seed'] + 1}"
        )
        self.encoder = Encoder(start["kinds"], start["sample"])
        self.source = numpy.random.default_rng(start["seed"])
        self.lines: list[str] = []
        self.shown: list[tuple[str, int, float, int]] = []

    def add(self, actions: list[dict[str, Any]]) -> None:
        for each in actions:
            of = each["attributes"]
            price = numpy.log1p(of["price"]) - 3.0
            self.lines.append(
                f"|a id={each['action']} |g group={each['group']} issue={each['issue']}"
                f" |b brand={of['brand']} price={int(of['price'] // 10)} price:{price:.3f} discount={of['discount']}"
            )

    def learn(self, outcomes: list[tuple[int, float, bool]]) -> None:
        for number, reward, _ in outcomes:
            shared, chosen, probability, count = self.shown[number]
            lines = self.lines[:count]
            lines[chosen] = f"0:{-reward}:{probability:.6f} {lines[chosen]}"
            self.vw.learn([shared, *lines])

    def choose(self, start: int, customers: list[list[Any]]) -> list[int]:
        numbers, quintiles = self.encoder.scaled(customers)
        choices = []
        for row, customer in enumerate(customers):
            shared = self._shared(customer, numbers[row], quintiles[row])
            found = numpy.array(self.vw.predict([shared, *self.lines]))
            found /= found.sum()
            chosen = int(self.source.choice(len(found), p=found))
            self.shown.append((shared, chosen, float(found[chosen]), len(found)))
            choices.append(chosen)
        return choices

    def _shared(self, customer: list[Any], numbers: Any, quintiles: Any) -> str:
        names = self.encoder.names
        parts = [f"{names[place]}={customer[place]}" for place in self.encoder.words]
        for place, number, quintile in zip(self.encoder.numbers, numbers, quintiles, strict=True):
            parts += [f"{names[place]}=q{quintile}", f"{names[place]}:{number:.3f}"]
        return "shared |c " + " ".join(parts)


class MabWiser:
    """`LinUCB`, `LinTS` or, blind to the customer, `ThompsonSampling`: each action by itself.

    The context is 1 and `reach` × (scaled numbers, one-hot words) / √20: `reach` is to these ridge regressions what a
    smaller penalty would be. `warm`: whether a new action begins as a copy of its nearest, by attributes.
    """

    def __init__(self, engine: str, start: dict[str, Any]) -> None:
        self.parameters, self.seed = start["parameters"], start["seed"]
        self.encoder = Encoder(start["kinds"], start["sample"])
        self.source = numpy.random.default_rng(start["seed"])
        self.actions: list[dict[str, Any]] = []
        self.shown: list[tuple[Any, int]] = []
        self.bandit: Any = None

    def add(self, actions: list[dict[str, Any]]) -> None:
        self.actions += actions
        for each in actions:
            if self.bandit is not None:
                self.bandit.add_arm(each["action"])
        if self.bandit is not None and actions and self.parameters["warm"]:
            self.bandit.warm_start(self._likeness(), 0.5)

    def learn(self, outcomes: list[tuple[int, float, bool]]) -> None:
        if not outcomes:
            return
        names = [self.actions[self.shown[number][1]]["action"] for number, _, _ in outcomes]
        rewards = [reward for _, reward, _ in outcomes]
        told: list[Any] = [names, rewards]
        if self._is_linear:
            told.append(numpy.array([self.shown[number][0] for number, _, _ in outcomes]))
        if self.bandit is None:
            self.bandit = self._bandit()
            self.bandit.fit(*told)
        else:
            self.bandit.partial_fit(*told)

    def choose(self, start: int, customers: list[list[Any]]) -> list[int]:
        contexts = self._contexts(customers)
        if self.bandit is None:
            choices = self.source.integers(0, len(self.actions), len(customers)).tolist()
        else:
            places = {each["action"]: place for place, each in enumerate(self.actions)}
            # Blind ones ignore the contexts but for their number.
            names = (
                self.bandit.predict(contexts)
                if self._is_linear
                else [self.bandit.predict() for _ in range(len(contexts))]
            )
            choices = [places[name] for name in names]
        self.shown += zip(contexts, choices, strict=True)
        return list(choices)

    @property
    def _is_linear(self) -> bool:
        return str(self.parameters["policy"]).startswith("Lin")

    def _bandit(self) -> Any:
        from mabwiser.mab import MAB, LearningPolicy  # type: ignore[import-not-found]

        of = {"alpha": self.parameters["alpha"]} if self._is_linear else {}
        policy = getattr(LearningPolicy, self.parameters["policy"])(**of)
        return MAB([each["action"] for each in self.actions], policy, seed=self.seed)

    def _contexts(self, customers: list[list[Any]]) -> Any:
        numbers, _ = self.encoder.scaled(customers)
        reach = self.parameters["reach"] / numpy.sqrt(20)
        return numpy.hstack([numpy.ones((len(customers), 1)), reach * numbers, reach * self.encoder.one_hot(customers)])

    def _likeness(self) -> dict[str, list[float]]:
        words = sorted({word for each in self.actions for word in self._words(each)})
        return {
            each["action"]: [float(word in self._words(each)) for word in words]
            + [float(numpy.log1p(each["attributes"]["price"])) / 2]
            for each in self.actions
        }

    def _words(self, action: dict[str, Any]) -> tuple[str, ...]:
        return action["group"], action["issue"], action["attributes"]["brand"], f"{action['attributes']['discount']} %"


class DailyLightGBM:
    """Trained anew once a day on all that is known; best by expectation but for `epsilon`."""

    def __init__(self, engine: str, start: dict[str, Any]) -> None:
        import lightgbm  # type: ignore[import-not-found,unused-ignore]

        self.lightgbm, self.parameters, self.day = lightgbm, start["parameters"], start["day"]
        self.encoder = Encoder(start["kinds"], start["sample"])
        self.source = numpy.random.default_rng(start["seed"])
        self.codes: dict[str, dict[str, int]] = {name: {} for name in ("action", "group", "issue", "brand")}
        self.table = numpy.empty((0, 6))
        self.shown: list[tuple[Any, int]] = []
        self.known: dict[int, float] = {}
        self.booster: Any = None
        self.seed = start["seed"]

    def add(self, actions: list[dict[str, Any]]) -> None:
        for each in actions:
            named = {**each, **each["attributes"]}
            codes = [self.codes[name].setdefault(named[name], len(self.codes[name])) for name in self.codes]
            self.table = numpy.vstack([self.table, [*codes, named["price"], named["discount"]]])

    def learn(self, outcomes: list[tuple[int, float, bool]]) -> None:
        for number, reward, _ in outcomes:
            self.known[number] = reward

    def choose(self, start: int, customers: list[list[Any]]) -> list[int]:
        if start and start % self.day == 0 and self.known:
            self._train()
        rows = self._rows(customers)
        choices = self.source.integers(0, len(self.table), len(rows))
        if self.booster is not None:
            every = numpy.hstack([numpy.repeat(rows, len(self.table), axis=0), numpy.tile(self.table, (len(rows), 1))])
            expected = self.booster.predict(every, num_threads=1).reshape(len(rows), -1)
            best = (expected + 1e-9 * self.source.random(expected.shape)).argmax(1)
            choices = numpy.where(self.source.random(len(rows)) < self.parameters["epsilon"], choices, best)
        self.shown += zip(rows, choices.tolist(), strict=True)
        chosen: list[int] = choices.tolist()
        return chosen

    def _rows(self, customers: list[list[Any]]) -> Any:
        return numpy.hstack([self.encoder.scaled(customers)[0], self.encoder.codes(customers)])

    def _train(self) -> None:
        shown = [self.shown[number] for number in self.known]
        rows = numpy.array([numpy.append(customer, self.table[chosen]) for customer, chosen in shown])
        first = len(self.encoder.numbers)
        words = [*range(first, first + len(self.encoder.words)), *range(rows.shape[1] - 6, rows.shape[1] - 2)]
        settings = {
            "objective": "binary",
            "num_leaves": self.parameters["leaves"],
            "learning_rate": self.parameters["learning_rate"],
            "min_data_in_leaf": 20,
            "num_threads": 1,
            "seed": self.seed,
            "verbose": -1,
        }
        data = self.lightgbm.Dataset(rows, numpy.array(list(self.known.values())), categorical_feature=words)
        self.booster = self.lightgbm.train(settings, data, self.parameters["trees"])


ENGINES: dict[str, Any] = {
    "vw-squarecb": VowpalWabbit,
    "vw-bag": VowpalWabbit,
    "mabwiser-linucb": MabWiser,
    "mabwiser-thompson": MabWiser,
    "lightgbm-daily": DailyLightGBM,
}

if __name__ == "__main__":
    main(sys.argv[1])
