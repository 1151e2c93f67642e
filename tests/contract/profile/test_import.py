"""`tandem import` against the service: all that a file says arrives once, and what is refused is named row by row."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tandem.profile.v1.event_pb2 import Event
from tandem.profile.v1.profile_service_pb2 import RecordEventsRequest, RecordEventsResponse

from services.cli.importing.claims import Claims, RowPlace
from services.cli.importing.destinations import Embedded
from services.cli.importing.items import Claim
from services.profile.api.servicer import ProfileServicer
from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.requests import ConsentQuery, ConsentWrite, ProfileQuery, SetConsent
from services.profile.domain.consents import ConsentStatus
from shared.errors import FailedPrecondition, Internal, InvalidArgument
from shared.values import AttributeType
from tests.support.importing import Imported, import_into
from tests.support.profiles import SteppingClock, person, publish, schema_of, whole_log

MAPPING = """
identities: {crm: id, email: {column: mail, primary: true}}
events:
  - type: purchase
    time: {column: day}
    when: {column: amount, in: ["10", "20", "30", "40", "50"]}
    properties: {amount: {column: amount, type: double}}
observed_time: {column: day}
traits:
  age: {column: age, type: int}
consents:
  - purpose: marketing
    channel: email
    identity: email
    time: {column: day}
    status: {column: news, values: {y: GRANTED, n: REVOKED}}
"""
HEADER = "id,mail,day,amount,age,news\n"


@pytest.fixture
async def ready(app: ProfileApplication) -> ProfileApplication:
    await publish(app, schema_of({"age": AttributeType.INT}))
    return app


async def imported(app: ProfileApplication, folder: Path, content: str, **options: int | bool) -> Imported:
    (folder / "a.csv").write_text(HEADER + content)
    return await import_into(Embedded(ProfileServicer(app)), folder, MAPPING, folder / "a.csv", **options)  # type: ignore[arg-type]


ROWS = """1,a@x.de,2025-01-01,10,44,y
2,b@x.de,2025-01-02,20,,n
3,c@x.de,2025-01-03,,33,
1,,2025-01-04,30,45,
"""


async def test_events_traits_and_consents_arrive_and_a_second_time_changes_nothing(
    ready: ProfileApplication, stores: Stores, tmp_path: Path
) -> None:
    first = await imported(ready, tmp_path, ROWS)
    assert (first.tally.rows, first.tally.imported, first.tally.rejected) == (4, 4, 0)
    assert (first.tally.events, first.tally.traits, first.tally.consents) == (3, 3, 2)
    again = await imported(ready, tmp_path, ROWS)
    assert (again.tally.events, again.tally.duplicates, again.tally.imported) == (0, 3, 4)
    log = await whole_log(stores)
    assert sorted(logged.event.properties["amount"] for logged in log) == [10.0, 20.0, 30.0]  # type: ignore[type-var]
    answer = await ready.get_profile(ProfileQuery(person("crm:1")))
    assert answer.profile.features["age"].value == 45
    assert answer.profile.identities == ("crm\x1f1", "email\x1fa@x.de")
    statements = await ready.list_consents(ConsentQuery(person("crm:1"), include_history=True))
    assert [each.status for each in statements.consents] == [ConsentStatus.GRANTED]


async def test_only_refused_rows_are_rejected_wherever_they_stand(ready: ProfileApplication, tmp_path: Path) -> None:
    good = "".join(f"g{i},g{i}@x.de,2025-01-01,10,40,y\n" for i in range(20))
    bad = "f,f@x.de,2999-01-01,10,,\nx,x@x.de,soon,10,,\ny,y@x.de,2025-01-01,10,old,\nshort\n"
    result = await imported(ready, tmp_path, good + bad + good.replace("g", "h"), batch_size=50)
    assert (result.tally.imported, result.tally.rejected, result.tally.events) == (40, 4, 40)
    rejects = sorted((each["row"], each["line"], each["column"], each["reason"]) for each in result.rejects)
    assert rejects == [
        (21, 22, "event_time", "INVALID_FIELD"),
        (22, 23, "day", "BAD_CELL"),
        (23, 24, "age", "BAD_CELL"),
        (24, 25, "", "BROKEN_ROW"),
    ]
    assert {each["file"] for each in result.rejects} == {str(tmp_path / "a.csv")}
    assert result.rejects[0]["raw"]


async def test_every_row_refused_ends_all_the_same(ready: ProfileApplication, tmp_path: Path) -> None:
    bad = "".join(f"b{i},,2999-01-01,10,,\n" for i in range(40))
    result = await imported(ready, tmp_path, bad, batch_size=20)
    assert (result.tally.imported, result.tally.rejected, len(result.rejects)) == (0, 40, 40)


async def test_row_without_a_basis_is_rejected_with_that_reason(ready: ProfileApplication, tmp_path: Path) -> None:
    refusal = ConsentWrite("COLLECTION", ConsentStatus.REVOKED)
    await ready.set_consent(SetConsent("no", person("crm:1"), refusal))
    result = await imported(ready, tmp_path, "1,,2025-01-01,10,,\n2,,2025-01-01,20,,\n")
    assert [(each["row"], each["reason"]) for each in result.rejects] == [(1, "NO_BASIS")]
    assert result.tally.events == 1


async def test_trait_that_the_schema_does_not_have_ends_the_import(app: ProfileApplication, tmp_path: Path) -> None:
    await publish(app, schema_of({"size": AttributeType.INT}))
    with pytest.raises(InvalidArgument) as refused:
        await imported(app, tmp_path, ROWS)
    assert refused.value.reason == "UNKNOWN_TRAIT"


async def test_without_a_schema_traits_end_the_import(app: ProfileApplication, tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        await imported(app, tmp_path, ROWS)
    assert refused.value.reason == "NO_ACTIVE_TRAIT_SCHEMA"


async def test_trait_of_a_value_that_is_not_allowed_rejects_its_row_alone(
    ready: ProfileApplication, tmp_path: Path, clock: SteppingClock
) -> None:
    content = "1,,2025-01-01,10,40,\n2,,2025-01-01,20,41,\n" + f"{'3' * 300},,2025-01-01,,42,\n4,,2025-01-01,,43,\n"
    result = await imported(ready, tmp_path, content)
    assert [each["row"] for each in result.rejects] == [3]
    assert (result.tally.imported, result.tally.traits) == (3, 3)


async def test_progress_is_kept_and_what_is_done_is_not_sent_again(
    ready: ProfileApplication, stores: Stores, tmp_path: Path
) -> None:
    rows = "".join(f"p{i},,2025-01-01,10,{'x' if i % 10 == 0 else 40},\n" for i in range(100))
    first = await imported(ready, tmp_path, rows, batch_size=10, resume=True)
    again = await imported(ready, tmp_path, rows, batch_size=10, resume=True)
    assert (first.tally.rows, first.tally.imported, again.tally.rows) == (100, 90, 0)
    assert [each["row"] for each in again.rejects] == list(range(1, 101, 10))
    assert len(await whole_log(stores)) == 90


async def test_rows_that_are_large_go_in_several_requests(
    app: ProfileApplication, stores: Stores, tmp_path: Path
) -> None:
    mapping = """
identities: {crm: id}
events: [{type: note, time: 2025-01-01, properties: {text: {column: text, type: string}}}]
"""
    rows = "".join(f"{number},{chr(97 + number % 26) * 60_000}\n" for number in range(100))
    (tmp_path / "notes.csv").write_text("id,text\n" + rows + f"x,{'z' * 70_000}\n")
    result = await import_into(Embedded(ProfileServicer(app)), tmp_path, mapping, tmp_path / "notes.csv")
    assert result.tally.events == 100
    assert [(each["row"], each["column"]) for each in result.rejects] == [(101, 'properties["text"]')]
    assert len(await whole_log(stores)) == 100


BILLS = """
identities: {crm: id}
events:
  - type: purchase
    time: day
    id: [bill]
    properties: {amount: {column: amount, type: double}}
"""


async def bills(
    app: ProfileApplication, folder: Path, content: str, *, name: str = "a.csv", resume: bool = False
) -> Imported:
    (folder / name).write_text("id,day,bill,amount\n" + content)
    destination = Embedded(ProfileServicer(app))
    return await import_into(destination, folder, BILLS, folder / name, batch_size=1, resume=resume)


async def test_row_that_says_something_else_of_an_event_of_this_import_is_rejected_with_both_places(
    app: ProfileApplication, stores: Stores, tmp_path: Path
) -> None:
    content = "1,2025-01-01,b7,10\n1,2025-01-01,b8,20\n2,2025-01-01,b7,30\n1,2025-01-01,b8,20\n"
    for _ in range(2):  # the second time the service knows the events, and the answer is the same
        result = await bills(app, tmp_path, content)
        assert (result.tally.imported, result.tally.rejected) == (3, 1)
        (reject,) = result.rejects
        assert (reject["row"], reject["line"], reject["column"], reject["reason"]) == (3, 4, "bill", "EVENT_ID_TAKEN")
        assert f"row 1 ({tmp_path / 'a.csv'}:2), which says something else" in reject["message"]
    assert result.tally.duplicates == 3
    assert [logged.event.properties["amount"] for logged in await whole_log(stores)] == [10.0, 20.0]


async def test_event_of_an_import_before_is_known_without_a_word(app: ProfileApplication, tmp_path: Path) -> None:
    assert (await bills(app, tmp_path, "1,2025-01-01,b7,10\n")).tally.events == 1
    later = await bills(app, tmp_path, "1,2025-01-01,b7,11\n", name="b.csv")
    assert (later.tally.duplicates, later.tally.rejected) == (1, 0)


async def test_row_that_was_not_imported_does_not_keep_its_event_id(app: ProfileApplication, tmp_path: Path) -> None:
    result = await bills(app, tmp_path, "1,2025-01-01,b7,much\n1,2025-01-01,b7,10\n")
    assert (result.tally.events, [each["reason"] for each in result.rejects]) == (1, ["BAD_CELL"])


class Ending(Embedded):
    """Breaks off with the third request."""

    def __init__(self, servicer: ProfileServicer) -> None:
        super().__init__(servicer)
        self._requests = 0

    async def record_events(self, request: RecordEventsRequest) -> RecordEventsResponse:
        self._requests += 1
        if self._requests == 3:
            raise Internal("INTERNAL", "broken off")
        return await super().record_events(request)


async def test_import_that_goes_on_knows_the_ids_of_what_was_done(app: ProfileApplication, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "id,day,bill,amount\n" + "".join(f"1,2025-01-01,b{i},10\n" for i in range(1, 6)) + "1,2025-01-01,b1,11\n"
    )
    with pytest.raises(Internal):
        await import_into(Ending(ProfileServicer(app)), tmp_path, BILLS, path, batch_size=1, resume=True)
    assert 0 < json.loads((tmp_path / "progress.json").read_text())["files"][0]["rows_done"] < 5
    result = await import_into(Embedded(ProfileServicer(app)), tmp_path, BILLS, path, resume=True)
    assert result.tally.rows < 6
    assert [(each["row"], each["reason"]) for each in result.rejects] == [(6, "EVENT_ID_TAKEN")]
    assert [name for name in os.listdir(tmp_path) if "progress" in name] == [
        "progress.json"
    ]  # nothing is left beside it


async def test_what_an_import_that_was_given_up_knew_is_forgotten(app: ProfileApplication, tmp_path: Path) -> None:
    claims = Claims(tmp_path / "progress.json", "an earlier run")
    claims.take([Claim.of(Event(event_id="b1", type="other"), "bill")], RowPlace(0, 1, 2))
    claims.close(is_done=False)
    result = await bills(app, tmp_path, "1,2025-01-01,b1,10\n", resume=True)
    assert (result.tally.imported, result.tally.rejected) == (1, 0)
