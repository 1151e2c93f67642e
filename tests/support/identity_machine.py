"""Random lives of a few people, told to the service and to the reference at once; after each step both must agree.

A failure prints the steps, shortened to those that matter, as a program that can be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable
from itertools import count
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import IssueLinkToken, LinkIdentities, MergeProfiles, UnmergeProfiles
from services.profile.app.ledger_requests import ConfirmContact, ContactWrite, ReleaseContact, ReserveContact
from services.profile.app.requests import (
    ConsentWrite,
    EventWrite,
    ItemStatus,
    ProfileQuery,
    RecordEvents,
    SetConsent,
    Subject,
    TraitWrite,
    UpsertTraits,
)
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity
from services.profile.domain.ledger.contacts import ContactEvent
from services.profile.domain.merge_events import MergeEventKind
from services.profile.domain.trait_source import TraitSource
from shared.clock import MS_PER_DAY
from shared.errors import NotFound, TandemError
from tests.support.identity_answers import check_view, room_taken
from tests.support.identity_model import (
    CONFLICT,
    MACHINE,
    SHARED_THING,
    TOKEN_INVALID,
    TOKEN_USED,
    Arrived,
    Fact,
    Reference,
    is_known,
)
from tests.support.identity_world import BROWSERS, CAP, HOUR_MS, NAMES, PEOPLE, World
from tests.support.profiles import person

T = TypeVar("T")

some_names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
ages = st.sampled_from([0, 0, 0, 1, 40, 400, 4_000, -60_000])
"""How long ago something happened that arrives now; below 0: the caller's clock is ahead."""
any_of_them = st.integers(0, 30)


class IdentityMachine(RuleBasedStateMachine):
    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.life = next(self.world.lives)
        self.model = Reference()
        self.numbers = count(1)
        self.merges: list[tuple[str, str]] = []
        """Merge id, and the profile that went."""
        self.events: list[EventWrite] = []
        self.tokens: list[tuple[str, str]] = []
        """Link token, and the profile it was issued to."""
        self.contacts: list[Fact] = []
        self.start = self.world.do(self.world.end_of_log())
        self._tick(1)

    @rule(names=some_names, age=ages, kind=st.sampled_from(["view", "buy"]), amount=st.integers(1, 5))
    def event(self, names: list[str], age: int, kind: str, amount: int) -> None:
        self._event(names, age, kind, amount)

    @rule(who=st.sampled_from(PEOPLE), browser=st.sampled_from(BROWSERS), age=ages)
    def login(self, who: str, browser: str, age: int) -> None:
        self._event([browser, who], age, "view", 1)

    @rule(browser=st.sampled_from(BROWSERS), age=ages, amount=st.integers(1, 5))
    def visit(self, browser: str, age: int, amount: int) -> None:
        self._event([browser], age, "buy", amount)

    @rule(
        both=st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=2, unique=True),
        browser=st.sampled_from(BROWSERS),
        late=st.sampled_from([0, 20, 200, 2_000]),
        is_news=st.booleans(),
        is_merged=st.booleans(),
    )
    def change_of_hands(self, both: list[str], browser: str, late: int, is_news: bool, is_merged: bool) -> None:
        """Two people log in, one after the other, on one browser; then something of before arrives, perhaps while the
        two are taken for one.
        """
        for who in both:
            self._tick(100)
            self._event([browser, who], 0, "view", 1)
        before = len(self.merges)
        if is_merged:
            self.merge(*both)
        self._event([browser, both[0]] if is_news else [browser], late, "buy", 2)
        if len(self.merges) > before:
            self.unmerge(len(self.merges) - 1)

    @rule(three=st.lists(st.sampled_from(PEOPLE), min_size=3, max_size=3, unique=True), takes_inner=st.booleans())
    def merges_within_merges(self, three: list[str], takes_inner: bool) -> None:
        """And one of them taken back."""
        outer, middle, inner = three
        before = len(self.merges)
        self.merge(middle, inner)
        self.merge(outer, middle)
        if len(self.merges) == before + 2:
            self.unmerge(before if takes_inner else before + 1)

    @rule(names=some_names, age=ages)
    def event_of_a_machine(self, names: list[str], age: int) -> None:
        self._event(names, age, "view", 1, is_machine=True)

    @precondition(lambda self: self.events)
    @rule(which=any_of_them)
    def event_again(self, which: int) -> None:
        self._tick(1)
        write = self.events[which % len(self.events)]
        result = self._record(write)
        assert (result.status, result.advisories) == (ItemStatus.DUPLICATE, ())
        assert result.profile_id == self.model.person(result.profile_id), "answers who holds it by now"

    @rule(names=some_names.filter(lambda names: len(names) > 1), ids=st.lists(any_of_them, max_size=2))
    def link(self, names: list[str], ids: list[int]) -> None:
        """Some of them by the ids of their profiles."""
        now_ms, known = self._tick(7), list(self.model.places)
        if known and ids:
            names = list(dict.fromkeys([names[0], *(f"profile:{known[each % len(known)]}" for each in ids)]))
        shared = {SHARED_THING} if any(map(self.model.is_shared, names)) else set()
        linked = self._do(self.app.link_identities(LinkIdentities(self._id("r"), self._subject(names))))
        arrived = self.model.arrive(names, now_ms, now_ms, linked.profile_id)
        assert (set(linked.advisories), sorted(linked.merged)) == (arrived.advisories | shared, sorted(arrived.merged))
        self._learn_merges(arrived.person)

    @rule(one=st.sampled_from(PEOPLE), other=st.sampled_from(NAMES))
    def merge(self, one: str, other: str) -> None:
        self._tick(7)
        command = MergeProfiles(self._id("r"), self._subject([one]), self._subject([other]), "test")
        here, there = self.model.named([one]), self.model.named([other])
        expected = self.model.why_not_merge(here, there)
        merged = self._answer_or_reason(self.app.merge_profiles(command))
        if isinstance(merged, str) or here is None or there is None:
            assert merged == expected
            return
        assert not expected
        if is_known(self.model.names(there)) and not is_known(self.model.names(here)):
            here, there = there, here
        assert (merged.profile_id, merged.merged_profile_id) == (here, there), "wrong survivor"
        self.model.reconcile(here, there)
        self.model.attach(here, there, merged.merge_id)
        self.merges.append((merged.merge_id, there))

    @precondition(lambda self: self.merges)
    @rule(which=any_of_them)
    def unmerge(self, which: int) -> None:
        self._tick(7)
        merge_id, restored = self.merges[which % len(self.merges)]
        answer = self._answer_or_reason(self.app.unmerge_profiles(UnmergeProfiles(self._id("r"), merge_id)))
        if isinstance(answer, str):
            assert answer == "MERGE_UNDONE"
            assert self.model.places[restored].merge_id != merge_id
            return
        assert self.model.places[restored].merge_id == merge_id
        assert (answer.profile_id, answer.restored_profile_id) == (self.model.detach(restored), restored)

    @rule(name=st.sampled_from(NAMES))
    def send_mail(self, name: str) -> None:
        issued = self._answer_or_reason(self.app.issue_link_token(IssueLinkToken(self._subject([name]))))
        place = self.model.place_of(name)
        if isinstance(issued, str) or place is None:
            assert issued == self.model.why_no_mail(name)
            return
        self.tokens.append((issued.link_token, place))

    @precondition(lambda self: self.tokens)
    @rule(
        which=any_of_them,
        names=some_names,
        age=ages,
        is_machine=st.booleans(),
        is_forged=st.sampled_from([False] * 4 + [True]),
    )
    def click(self, which: int, names: list[str], age: int, is_machine: bool, is_forged: bool) -> None:
        token, recipient = self.tokens[which % len(self.tokens)]
        self._event(
            names, age, "view", 1, is_machine=is_machine, click=(token[:-1] + "~" if is_forged else token, recipient)
        )

    @rule(
        names=some_names,
        age=ages,
        source=st.sampled_from([TraitSource.EXPLICIT, TraitSource.IMPLICIT, TraitSource.THIRD_PARTY]),
    )
    def trait(self, names: list[str], age: int, source: TraitSource) -> None:
        now_ms = self._tick(5_000)
        number = next(self.numbers)
        write = TraitWrite("city", f"city {number}", source, now_ms - max(age, 0))
        written = self._do(self.app.upsert_traits(UpsertTraits(self._id("r"), self._subject(names), (write,))))
        arrived = self.model.arrive(names, now_ms, now_ms, written.profile_id)
        assert set(written.advisories) == arrived.advisories
        self.model.facts.append(Fact(arrived.place, "trait", now_ms - max(age, 0), (source, f"city {number}")))
        self._learn_merges(arrived.person)

    @rule(names=some_names, which=any_of_them, status=st.sampled_from([ConsentStatus.GRANTED, ConsentStatus.REVOKED]))
    def consent(self, names: list[str], which: int, status: ConsentStatus) -> None:
        now_ms = self._tick(7)
        about = names[which % len(names)]
        write = ConsentWrite("marketing", status, identity=self._subject([about])[0])
        written = self._do(self.app.set_consent(SetConsent(self._id("r"), self._subject(names), write)))
        arrived = self.model.arrive(names, now_ms, now_ms, written.profile_id)
        assert set(written.advisories) == arrived.advisories
        holder = self.model.place_of(about)
        for place in {
            arrived.place if holder is None or self.model.person(holder) != arrived.person else holder,
            holder,
        }:
            if place is not None:
                self.model.facts.append(Fact(place, "consent", now_ms, (about, status)))
        self._learn_merges(arrived.person)

    @rule(name=st.sampled_from(NAMES))
    def reserve(self, name: str) -> None:
        now_ms = self._tick(7)
        write = ContactWrite("EMAIL", "OUTBOUND", "MARKETING")
        command = ReserveContact(self._id("r"), self._subject([name]), (write,), ttl_ms=MS_PER_DAY)
        who = self.model.named([name])
        try:
            answer = self._do(self.app.reserve_contacts(command))
        except NotFound:
            assert who is None
            return
        assert answer.profile_id == who
        granted = answer.results[0].granted
        assert (granted is not None) == (len(room_taken(self.model, who, now_ms)) < CAP), "exactly the cap"
        if granted is not None:
            place = granted.reservation_id.partition(".")[0]
            assert place == self.model.place_of(name)
            self.contacts.append(Fact(place, "contact", now_ms, (granted.reservation_id,)))
            self.model.facts.append(self.contacts[-1])

    @precondition(lambda self: self.contacts)
    @rule(which=any_of_them)
    def release(self, which: int) -> None:
        self._tick(7)
        contact = self.contacts.pop(which % len(self.contacts))
        (reservation_id,) = contact.what
        self._do(self.app.release_contact(ReleaseContact(self._id("r"), str(reservation_id))))
        self.model.facts.remove(contact)

    @precondition(lambda self: self.contacts)
    @rule(which=any_of_them)
    def hand_to_connector(self, which: int) -> None:
        self._tick(7)
        (reservation_id,) = self.contacts.pop(which % len(self.contacts)).what
        command = ConfirmContact(self._id("r"), str(reservation_id), ContactEvent.DELIVERED)
        assert self._do(self.app.confirm_contact(command)).contact.delivered_ms is not None

    @rule(ms=st.sampled_from([50, 500, 61_000, HOUR_MS]))
    def wait(self, ms: int) -> None:
        self._tick(ms)

    @invariant()
    def everybody_is_as_the_reference_says(self) -> None:
        ids = list(self.model.places)
        queries = [ProfileQuery((Identity("profile", each),)) for each in ids]
        names = [name for name in NAMES if self.model.place_of(name) is not None]
        queries += [ProfileQuery(self._subject([name])) for name in names]
        if not queries:
            return
        answers = self._do(self.app.batch_get_profiles(queries))
        expected = [self.model.person(each) for each in (*ids, *map(self.model.place_of, names)) if each]
        for who, answer in zip(expected, answers, strict=True):
            assert not isinstance(answer, TandemError), answer
            check_view(self.model, who, answer.profile, self.world.clock.now_ms, f".{self.life}")

    def teardown(self) -> None:
        log = self._do(self.world.log_after(self.start))
        assert sorted(log) == sorted(self.model.log), "every event once, with who it was then"
        for each in self.model.persons():
            parts = self.model.parts(each)
            found = self._do(self.world.stores.merges.merge_events(sorted(parts), None, 1_000))
            expected = [told for told in self.model.history if parts & set(told[1:])]
            events = [(event.kind.name, event.profile_id, event.other_profile_id) for event in found]
            surplus, missing = Counter(events) - Counter(expected), Counter(expected) - Counter(events)
            assert not surplus + missing, f"history of {each}: {surplus=}, {missing=}"
        for name in NAMES:
            if self.model.place_of(name) is None:
                assert self._do(self.world.stores.profiles.find([self._subject([name])[0].key])) == {}

    def _event(
        self,
        names: list[str],
        age: int,
        kind: str,
        amount: int,
        *,
        is_machine: bool = False,
        click: tuple[str, str] = ("", ""),
    ) -> None:
        now_ms = self._tick(7)
        token, recipient = click
        write = EventWrite(
            self._id("e"), self._subject(names), kind, now_ms - age, {"amount": float(amount)}, is_machine, token
        )
        result = self._record(write)
        advisories: set[str] = set()
        if is_machine:
            advisories = {MACHINE} if token or len(names) > 1 else set()
            arrived = self.model.arrive(names, now_ms - age, now_ms, result.profile_id, links=False)
        elif token:
            arrived, advisories = self._clicked(names, now_ms - age, now_ms, result.profile_id, token, recipient)
        else:
            arrived = self.model.arrive(names, now_ms - age, now_ms, result.profile_id)
        assert set(result.advisories) == arrived.advisories | advisories
        assert result.status is ItemStatus.RECORDED
        self.events.append(write)
        self.model.log.append((write.event_id, arrived.person))
        if not is_machine:
            self.model.facts.append(Fact(arrived.place, kind, now_ms - age, (amount,)))
        self._learn_merges(arrived.person)

    def _clicked(
        self, names: list[str], at_ms: int, now_ms: int, answered: str, token: str, recipient: str
    ) -> tuple[Arrived, set[str]]:
        model, ours = self.model, f"profile:{recipient}"
        if token.endswith("~"):
            return model.arrive(names, at_ms, now_ms, answered), {TOKEN_INVALID}
        if token in model.spent:
            return model.arrive(names, at_ms, now_ms, answered), {TOKEN_USED}
        if all(map(model.is_shared, names)):
            return model.arrive([*names, ours], at_ms, now_ms, answered), {SHARED_THING}
        if model.opponents([*names, ours], at_ms, now_ms):
            arrived = model.arrive(names, at_ms, now_ms, answered)
            if arrived.person == model.person(recipient):
                model.spent.add(token)
                return arrived, set()
            model.oppose(arrived.person, model.person(recipient))
            return arrived, {CONFLICT}
        model.spent.add(token)
        return model.arrive([*names, ours], at_ms, now_ms, answered), set()

    def _learn_merges(self, who: str) -> None:
        """The ids of merges that came by themselves are read from the history."""
        unknown = [each for each, place in self.model.places.items() if place.merge_id.startswith("?")]
        if not unknown:
            return
        events = self._do(self.world.stores.merges.merge_events(unknown, None, 1_000))
        for each in unknown:
            undone = {event.merge_id for event in events if event.kind is MergeEventKind.UNMERGED}
            ids = [
                event.merge_id
                for event in events
                if event.kind is MergeEventKind.MERGED
                and event.merge_id not in undone
                and (event.profile_id, event.other_profile_id) == (self.model.places[each].merged_into, each)
            ]
            assert len(ids) == 1, f"{each} joined {who}, and the history says {ids}"
            self.model.places[each].merge_id = ids[0]
            self.merges.append((ids[0], each))

    @property
    def app(self) -> ProfileApplication:
        return self.world.app

    def _do(self, call: Awaitable[T]) -> T:
        return self.world.do(call)

    def _answer_or_reason(self, call: Awaitable[T]) -> T | str:
        try:
            return self._do(call)
        except TandemError as failure:
            return failure.reason

    def _record(self, write: EventWrite) -> Any:
        return self._do(self.app.record_events(RecordEvents(self._id("r"), (write,)))).results[0]

    def _tick(self, ms: int) -> int:
        self.world.clock.now_ms += ms
        return self.world.clock.now_ms

    def _id(self, kind: str) -> str:
        return f"{kind}{self.life}.{next(self.numbers)}"

    def _subject(self, names: list[str]) -> Subject:
        """As this life calls them: nobody of another life is called so."""
        return person(*(name if name.startswith("profile:") else f"{name}.{self.life}" for name in names))
