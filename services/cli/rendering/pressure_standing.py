"""Under how much marketing pressure somebody was when a decision was made, in a sentence."""

from __future__ import annotations

from tandem.orchestrator.v1.arbitration_pb2 import PressureStanding

from services.cli.rendering.texts import counted, moment_text, money, percent


def standing_text(standing: PressureStanding) -> str:
    """`pressure: level 2.31 after 4 contacts; one more of weight 1 costs 0.18 later (certainty 94 %)`."""
    after = f"level {standing.level:.3g} after {counted(standing.contacts, 'contact')}"
    cost = f"one more of weight 1 costs {money(standing.price)} later (certainty {percent(standing.certainty)})"
    if not standing.in_gap:
        return f"pressure: {after}; {cost}"
    until = f"in a contact gap until {moment_text(standing.gap_end_time)}"
    return f"pressure: {after}; {cost}; {until}, with a chance of {percent(standing.gap_probability)}"
