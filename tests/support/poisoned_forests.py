"""Model files that are whole and should not be used."""

from __future__ import annotations

import re
from dataclasses import replace

from services.scoring.domain.base_model.content import encode
from tests.support.base_forests import base_content

_LEAVES = re.compile(r"(?<=^leaf_value=).*$", flags=re.MULTILINE)


def poisoned(value: str) -> bytes:
    """Every leaf is that, and the file is whole."""
    head, *trees = base_content().forest.split("Tree=")
    last, end = trees[-1].split("end of trees")
    trees = [_LEAVES.sub(lambda found: _same(found[0], value), tree) for tree in (*trees[:-1], last)]
    sizes = " ".join(str(len("Tree=" + tree)) for tree in trees)
    head = re.sub(r"(?<=^tree_sizes=).*$", sizes, head, flags=re.M)
    return encode(replace(base_content(), forest="Tree=".join([head, *trees]) + "end of trees" + end))


def _same(values: str, value: str) -> str:
    return " ".join([value] * len(values.split(" ")))
