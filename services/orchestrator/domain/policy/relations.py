"""`relations:` - facts about the things of a catalogue: who has this has, or has no use for, that.

relations: {implies: {console_game: [console], console: controller}}
"""

from __future__ import annotations

from collections.abc import Iterator

from services.orchestrator.domain.policy.fields import distinct, mapping
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import ListNode, Node, ScalarNode
from services.orchestrator.domain.policy.scalars import scalar
from services.orchestrator.domain.policy.words import identifier
from services.orchestrator.domain.policy_parts import RelationPart

MAX_PAIRS = 100_000
MAX_THING_BYTES = 256


def read_relation(key: ScalarNode, node: Node, findings: Findings) -> RelationPart:
    name = identifier(key)
    pairs: dict[tuple[str, str], None] = {}
    for thing, implied in distinct(mapping(node), findings):
        try:
            pairs.update(((_thing(thing), _thing(each)), None) for each in _items(implied))
        except Refused as refusal:
            findings.refused(refusal)
    if len(pairs) > MAX_PAIRS:
        raise Refused(node.place, f"must have at most {MAX_PAIRS:,} pairs", code="OUT_OF_RANGE")
    return RelationPart(name, tuple(pairs))


def _items(node: Node) -> Iterator[Node]:
    yield from node.items if isinstance(node, ListNode) else (node,)


def _thing(node: Node) -> str:
    """As events call it: a number is its digits, as written."""
    name = scalar(node).text
    if not name or not name.isprintable() or len(name.encode(errors="replace")) > MAX_THING_BYTES:
        message = f"must name a thing in 1 to {MAX_THING_BYTES} bytes of printable characters"
        raise Refused(node.place, message, code="OUT_OF_RANGE")
    return name
