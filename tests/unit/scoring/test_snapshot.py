"""A snapshot gives the same arrays, or is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain import snapshot
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.priors import Priors
from tests.support.scoring import entries_of, taught

SCORER = taught(entries_of([("mug", 1.0), ("pan", 0.0), ("sock", 0.5)]))
CONTENT = SCORER.snapshot()


def test_restored_model_is_the_same_bit_by_bit() -> None:
    restored, original = BayesianScorer().restored(CONTENT).posterior, SCORER.posterior
    for name in ("mean", "variance", "scale_mean", "scale_variance"):
        assert np.array_equal(getattr(restored, name), getattr(original, name)), name
    assert (restored.evidence, restored.offset, restored.position) == (
        original.evidence,
        original.offset,
        original.position,
    )


def test_restored_model_learns_on_as_the_original() -> None:
    more = entries_of([("mug", 0.0), ("thanks", 1.0)], start=4)
    restored = taught(more, BayesianScorer().restored(CONTENT))
    uninterrupted = taught(more, SCORER.copy())
    assert np.array_equal(restored.posterior.mean, uninterrupted.posterior.mean)


def test_untaught_model_has_a_snapshot_too() -> None:
    assert BayesianScorer().restored(BayesianScorer().snapshot()).position == 0


@given(st.integers(0, len(CONTENT) - 1))
def test_damage_anywhere_is_noticed(place: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[place] ^= 1
    with pytest.raises(ValueError, match="checksum"):
        SCORER.restored(bytes(damaged))


@pytest.mark.parametrize("content", [b"", b"x" * 31, CONTENT[:-1]])
def test_torn_snapshot_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"checksum|read"):
        SCORER.restored(content)


def test_snapshot_of_a_model_with_other_priors_is_refused() -> None:
    with pytest.raises(ValueError, match="this is bayes-"):
        BayesianScorer(Priors(action=0.5)).restored(CONTENT)


def test_snapshot_of_a_newer_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_FORMAT", 4)
    newer = SCORER.snapshot()
    monkeypatch.undo()
    with pytest.raises(ValueError, match="format 4"):
        SCORER.restored(newer)
