"""What a search shows to people."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from tandem.common.v1.subject_pb2 import Identity
from tandem.profile.v1.profile_pb2 import Profile

from services.cli.commands.search import empty_table, row_of
from shared.ids import new_id
from shared.rpc.values import value_to_proto


@pytest.mark.parametrize("width", [60, 80, 100])
def test_profile_ids_are_shown_whole_however_much_stands_beside_them(width: int) -> None:
    profiles = [Profile(profile_id=new_id("prf")) for _ in range(3)]
    table = empty_table()
    for profile in profiles:
        profile.identities.extend(Identity(namespace="email", value=f"{number}@{'x' * 40}.de") for number in range(5))
        profile.traits["loyalty_tier"].value.CopyFrom(value_to_proto("gold " * 30))
        table.add_row(*row_of(profile))
    text = io.StringIO()
    Console(file=text, width=width).print(table)
    assert [profile.profile_id in text.getvalue() for profile in profiles] == [True] * 3
    assert "…" not in text.getvalue()
