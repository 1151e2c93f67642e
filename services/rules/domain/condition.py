"""Conditions in the form the index works on: atoms, and Kleene logic over them.

Equal conditions are one condition: conditions are dictionary keys when a rule set is compiled, so each knows its hash
(a nested one would be hashed again at every level). What only explains an atom (`text`, ...) does not count for
equality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from services.rules.domain.kleene import Verdict
from services.rules.domain.written import OnUnknown
from shared.cel.library import CheckedExpression
from shared.cel.syntax import Constant, Node
from shared.values import NOT_FOUND, Feature, Value


class TermKind(Enum):
    """What is computed from an attribute before it is compared."""

    VALUE = "{}"
    SIZE = "size({})"
    DAYS_SINCE = "days_since({})"
    HOURS_SINCE = "hours_since({})"
    ELAPSED = "now() - {}"
    """Microseconds since; compared with 0 in place of `{} < now()`."""
    NOW = "now()"


@dataclass(frozen=True, slots=True)
class Term:
    """`attribute` is empty for NOW."""

    kind: TermKind
    attribute: str


class Operator(Enum):
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    IN = "in"
    """The term is one of the operands."""
    HAS = "has"
    """The term is a list that holds the operand."""
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Default:
    """What stands in for an unknown attribute, as the attribute's type holds it."""

    value: Value = field(compare=False)
    spelling: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spelling", repr(self.value))


@dataclass(frozen=True, slots=True)
class Test:
    """A term against constants: one for every operator but IN. Held natively.

    Without a default, the test of an unknown attribute is unknown.
    """

    term: Term
    operator: Operator
    operands: tuple[Constant, ...]
    default: Default | None = None
    hashed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        hashed = hash((self.term, self.operator, self.operands, self.default))
        object.__setattr__(self, "hashed", hashed)

    def __hash__(self) -> int:
        return self.hashed


@dataclass(frozen=True, slots=True)
class Fixed:
    """Decided when the rule set is compiled: `true`, or a comparison of the action's own constants.

    `attribute`, `observed` and `threshold` explain it; they count for equality because an explanation is part of it.
    """

    verdict: Verdict
    threshold: str
    attribute: str = ""
    observed: Feature = NOT_FOUND


@dataclass(frozen=True, slots=True)
class Opaque:
    """Whatever else CEL can say: evaluated by the library, once per evaluation.

    `constants` are those of the action that `node` reads; `spelled` is how they count for equality. `attributes` and
    `segments` are what it reads at run time. `default` is as the policy writes it: attributes differ in type.
    """

    node: Node
    spelled: tuple[tuple[str, str], ...]
    attributes: tuple[str, ...]
    segments: tuple[str, ...]
    default: Default | None
    constants: Mapping[str, Value] = field(compare=False)
    expression: CheckedExpression = field(compare=False)
    text: str = field(compare=False)
    hashed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashed", hash((self.node, self.spelled, self.default)))

    def __hash__(self) -> int:
        return self.hashed


@dataclass(frozen=True, slots=True)
class Not:
    operand: Condition
    hashed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashed", hash(("!", self.operand)))

    def __hash__(self) -> int:
        return self.hashed


@dataclass(frozen=True, slots=True)
class AllOf:
    operands: tuple[Condition, ...]
    hashed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashed", hash(("&&", self.operands)))

    def __hash__(self) -> int:
        return self.hashed


@dataclass(frozen=True, slots=True)
class AnyOf:
    operands: tuple[Condition, ...]
    hashed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashed", hash(("||", self.operands)))

    def __hash__(self) -> int:
        return self.hashed


@dataclass(frozen=True, slots=True)
class Membership:
    """in_segment(): never unknown, because the segment says what unknown means."""

    segment_id: str
    condition: Condition = field(compare=False)
    on_unknown: OnUnknown = field(compare=False)


Atom = Test | Fixed | Opaque
Condition = Atom | Not | AllOf | AnyOf | Membership


def operands(condition: Condition) -> tuple[Condition, ...]:
    """The direct parts; an atom has none."""
    match condition:
        case Not(operand=operand):
            return (operand,)
        case AllOf(operands=parts) | AnyOf(operands=parts):
            return parts
        case Membership(condition=inner):
            return (inner,)
        case _:
            return ()
