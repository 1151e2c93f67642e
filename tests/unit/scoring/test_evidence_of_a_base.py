"""What taught a base is behind the action: activating it does not make an action look untried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.scoring.domain.base_model.content import decode, encode
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.rewards import LogEntry
from services.scoring.domain.scoring import ScoreQuery
from tests.support.base_forests import CROSSED_SET, base_content
from tests.support.scoring import ANNA
from tests.support.serving import reward


def test_evidence_goes_on_from_the_base_and_survives_a_snapshot() -> None:
    content = encode(replace(base_content(), evidence={"mug": 1_200, "pan": 300}))
    scorer = BayesianScorer().over(content)
    compiled = scorer.compile(CROSSED_SET)
    query = ScoreQuery(CROSSED_SET.version, ANNA, ["mug", "pan", "sock"])
    assert scorer.score(compiled, query).evidences.tolist() == [1_200, 300, 0]
    first = scorer.position + 1
    scorer.fold(compiled, LogEntry(first, reward("k", 0.0), None))
    scorer.fold(compiled, LogEntry(first + 1, reward("k", 1.0), 0.0))
    assert scorer.score(compiled, query).evidences.tolist() == [1_201, 300, 0]
    restored = BayesianScorer().over(content).restored(scorer.snapshot())
    assert restored.score(compiled, query).evidences.tolist() == [1_201, 300, 0]
    assert BayesianScorer().over(content).posterior.evidence == {"mug": 1_200, "pan": 300}


def test_models_of_before_have_none_and_stay_what_they_were() -> None:
    plain = encode(base_content())
    assert decode(plain).evidence == {}
    assert encode(decode(plain)) == plain
    with pytest.raises(ValueError, match="less than nothing"):
        decode(encode(replace(base_content(), evidence={"mug": -1})))
