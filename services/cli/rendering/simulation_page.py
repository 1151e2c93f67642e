"""What one policy would do, as one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape

from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.rendering.diff_figures import sample_text
from services.cli.rendering.diff_page import contacts, document, drops, groups, note, worth


def simulation_page(answer: pb.SimulatePolicyResponse) -> str:
    runs = (answer.run,)
    refusal = f'<div class="verdict">{escape(answer.run.refusal)}</div>' if answer.run.refusal else ""
    return document(
        "What a policy would do",
        [
            f"<div>policy <code>{escape(answer.run.policy_version)}</code></div>",
            f'<div class="dim">{escape(sample_text(answer))}</div>',
            refusal,
            worth(answer, runs, ("policy",)),
            "<h2>Contacts</h2>",
            *contacts(runs),
            *drops(answer, runs),
            *groups(answer.groups, answer.currency, is_of_two=False),
            note(answer),
        ],
    )
