"""How slots are explored, as a policy says it: by group, by channel, and for all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.orchestrator.domain.arbitration.exploration import DEFAULT_GAMMA, Exploration, ExplorationKind
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.policy.compiled import CompiledPolicy

NONE, THOMPSON, WEIGHTED = ExplorationKind

POLICY = """\
policy: p
arbitration: {arbitration}
channels:
  web: {{direction: INBOUND}}
  email: {{direction: OUTBOUND}}
  sms: {{direction: OUTBOUND, exploration_budget: 0.05}}
issues: {{grow: {{business_value: 1}}, insure: {{business_value: 1, regulated: true}}}}
groups:
  wine: {{issue: grow, exploration: {{kind: inverse_gap_weighting, gamma: 20, floor: 0.01}}}}
  cheese: {{issue: grow, exploration: INVERSE_GAP_WEIGHTING}}
  bread: {{issue: grow}}
  help: {{issue: grow, exploration: NONE}}
  tobacco: {{issue: grow, regulated: true}}
  life: {{issue: insure, exploration: THOMPSON}}
actions:
  red: {{group: wine, treatments: {{t_red: {{channel: web}}}}}}
  brie: {{group: cheese, treatments: {{t_brie: {{channel: email}}}}}}
  loaf: {{group: bread, treatments: {{t_loaf: {{channel: sms}}}}}}
  spirit: {{group: bread, regulated: true, treatments: {{t_spirit: {{channel: web}}}}}}
  call: {{group: help, treatments: {{t_call: {{channel: web}}}}}}
  cigar: {{group: tobacco, treatments: {{t_cigar: {{channel: web}}}}}}
  cover: {{group: life, treatments: {{t_cover: {{channel: web}}}}}}
"""

Compiled = Callable[[str], CompiledPolicy]


def catalogue_of(compiled: Compiled, arbitration: str) -> Catalogue:
    return compiled(POLICY.format(arbitration=arbitration)).catalogue


def test_every_action_is_explored_as_its_group_says_or_else_the_arbitration(compiled: Compiled) -> None:
    catalogue = catalogue_of(compiled, "{exploration: {kind: THOMPSON, floor: 0.002}}")
    usual = Exploration(THOMPSON, 0.0, 0.002)
    declared = [catalogue.explorations[index] for index in catalogue.exploration]
    assert catalogue.explorations[0] == usual
    assert dict(zip(catalogue.action_index, declared, strict=True)) == {
        "red": Exploration(WEIGHTED, 20.0, 0.01),
        "brie": Exploration(WEIGHTED, DEFAULT_GAMMA),
        "loaf": usual,
        "spirit": usual,
        "call": Exploration(NONE),
        "cigar": usual,
        "cover": Exploration(THOMPSON),
    }


def test_regulated_holds_for_all_that_is_below(compiled: Compiled) -> None:
    catalogue = catalogue_of(compiled, "{}")
    assert dict(zip(catalogue.action_index, catalogue.explores.tolist(), strict=True)) == {
        "red": True,
        "brie": True,
        "loaf": True,
        "spirit": False,
        "call": False,
        "cigar": False,
        "cover": False,
    }


@pytest.mark.parametrize(
    ("arbitration", "budgets"),
    [
        ("{}", [1.0, 1.0, 0.05]),
        ("{exploration_budget: 0.2}", [1.0, 0.2, 0.05]),
        ("{exploration_budget: 0}", [1, 0, 0.05]),
    ],
)
def test_outbound_channels_have_their_own_budget_or_else_that_of_the_arbitration(
    compiled: Compiled, arbitration: str, budgets: list[float]
) -> None:
    assert catalogue_of(compiled, arbitration).channel_budget.tolist() == budgets


def test_rows_know_how_they_are_explored_and_under_which_budget(compiled: Compiled) -> None:
    catalogue = catalogue_of(compiled, "{}")
    exploring = catalogue.exploring(catalogue.option_action[[2, 0]])
    assert [exploring.table[index].kind for index in exploring.declared] == [THOMPSON, WEIGHTED]
    assert exploring.budget[exploring.channel].tolist() == [0.05, 1.0]


def test_without_a_word_everything_is_thompson_sampling(compiled: Compiled, small: str) -> None:
    catalogue = compiled(small).catalogue
    assert catalogue.explorations == (Exploration(),)
    assert catalogue.explores.all()
