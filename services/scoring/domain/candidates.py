"""Candidates as columns: the i-th of each belongs together.

rows   (n,) intp      action, as a row of the compiled feature set
Column: hashes (D,) uint64 of the distinct names; codes (n,) intp, each candidate's place among them
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.scoring.domain.compiled import CompiledFeatureSet, Rows
from services.scoring.domain.hashing import Hashes, token
from services.scoring.domain.scoring import ScoreQuery


@dataclass(frozen=True, slots=True)
class Column:
    hashes: Hashes
    codes: Rows


@dataclass(frozen=True, slots=True)
class Candidates:
    rows: Rows
    channels: Column
    placements: Column


def candidates_of(compiled: CompiledFeatureSet, query: ScoreQuery) -> Candidates:
    """Raises InvalidArgument for an action that is not of the feature set."""
    count = len(query.actions)
    return Candidates(
        compiled.rows_of(query.actions),
        column("channel", query.channels, count),
        column("placement", query.placement_ids, count),
    )


def column(kind: str, names: Sequence[str], count: int) -> Column:
    """Names as codes; no names means that all candidates have the same empty one."""
    if not names:
        return Column(np.array([token(kind, "")], np.uint64), np.zeros(count, np.intp))
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    hashes = np.array([token(kind, name) for name in places], np.uint64)
    if len(places) == 1:
        return Column(hashes, np.zeros(count, np.intp))
    return Column(hashes, np.fromiter(map(places.__getitem__, names), np.intp, count))
