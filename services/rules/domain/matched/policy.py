"""An engagement policy whose rules a Matcher decides: one message per subject.

What the matcher cannot say is the index's part: the bools of the message, numbers, segments and reasons.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from services.rules.domain.evaluation import Evaluation, Explain
from services.rules.domain.indexed.drops import Masks
from services.rules.domain.indexed.facts import Facts
from services.rules.domain.indexed.policy import IndexedPolicy
from services.rules.domain.indexed.program import Program
from services.rules.domain.kleene import TRUE, UNKNOWN
from services.rules.domain.matched.lowering import fallen
from services.rules.domain.matching import NOW_ATTRIBUTE, Message, MessageRules
from shared.clock import to_datetime
from shared.errors import TandemError
from shared.values import Feature, Value


@dataclass(frozen=True, slots=True)
class MatchedPolicy:
    """See EngagementPolicy, as which it answers by the index alone, with the same answers.

    indexed     the same rule set, indexed
    settled     `indexed` without its rules: it drops what it is told
    rules       what the matcher holds
    masks       by number of the condition, what its verdicts drop
    program     works out the bools of the message, `slots` names them
    """

    indexed: IndexedPolicy
    settled: IndexedPolicy
    rules: MessageRules
    masks: Mapping[int, Masks]
    program: Program
    slots: Mapping[str, int]

    @property
    def actions(self) -> Sequence[str]:
        return self.indexed.actions

    def message(self, facts: Mapping[str, Feature], now_ms: int) -> Message:
        """Raises as `evaluate` does."""
        columns = self.indexed.columns
        values = [column.read(facts.get(column.name)) for column in columns]
        message: dict[str, Value] = {column.name: value for column, value in zip(columns, values, strict=True)}
        now = to_datetime(now_ms)
        message[NOW_ATTRIBUTE] = now
        if self.slots:
            verdicts = self.program.run(Facts(values, now, self.indexed.environment, self.program.readers))
            for name, slot in self.slots.items():
                message[name] = None if verdicts[slot] == UNKNOWN else verdicts[slot] == TRUE
        return message

    def evaluate_matched(
        self,
        satisfied: frozenset[str],
        facts: Mapping[str, Feature],
        now_ms: int,
        explain: Explain,
        explain_actions: Collection[str] = (),
    ) -> Evaluation:
        """`satisfied` are the rules that the subject's message satisfies."""
        dropped = self.settled.settled | fallen(self.masks, satisfied)
        return replace(self.settled, settled=dropped).evaluate(facts, now_ms, explain, explain_actions)

    def is_quick(self, explain: Explain) -> bool:
        return self.indexed.is_quick(explain)

    def evaluate(
        self, facts: Mapping[str, Feature], now_ms: int, explain: Explain, explain_actions: Collection[str] = ()
    ) -> Evaluation:
        return self.indexed.evaluate(facts, now_ms, explain, explain_actions)

    def evaluate_batch(
        self, subjects: Sequence[Mapping[str, Feature]], now_ms: int, explain: Explain
    ) -> Sequence[Evaluation | TandemError]:
        return self.indexed.evaluate_batch(subjects, now_ms, explain)

    def segments_of(self, facts: Mapping[str, Feature], now_ms: int) -> tuple[str, ...]:
        return self.indexed.segments_of(facts, now_ms)
