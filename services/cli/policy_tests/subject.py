"""The person of a test: what is known of them, moment by moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tandem.profile.v1.trait_pb2 import TraitSource

from services.cli.personas import Persona
from services.cli.policy_tests.cases import Fact, Facts
from services.cli.policy_tests.facts_file import feature_of
from services.local.person import Deed, PersonReader, Statement
from services.orchestrator.domain.policy.findings import Refused, suggestion
from services.orchestrator.domain.policy_parts import Place
from shared.rpc.values import value_from_proto
from shared.values import AttributeType, Feature, Value, conform, present

CONTEXT = "context."


class Subject:
    """`types` are those of the declared attributes.

    Facts hold as they are told. Other traits and aggregates follow from what a persona and the events of a test say, as
    the profile service would have it.
    """

    def __init__(self, reader: PersonReader, types: Mapping[str, AttributeType]) -> None:
        self._reader = reader
        self._types = types
        self._statements: list[Statement] = []
        self._deeds: list[Deed] = []
        self._told: dict[str, Feature] = {}

    def features(self, at_ms: int) -> Mapping[str, Feature]:
        return {**self._reader.features(self._statements, self._deeds, at_ms), **self._told}

    def is_like(self, persona: Persona, place: Place, at_ms: int) -> None:
        """Raises Refused where the persona says what the policy does not declare."""
        for trait in persona.traits:
            observed_ms = trait.observed_time.ToMilliseconds() if trait.HasField("observed_time") else at_ms
            source = TraitSource.Name(trait.source).removeprefix("TRAIT_SOURCE_")
            value = self._typed(trait.name, value_from_proto(trait.value, trait.name), place)
            self._statements.append(Statement(trait.name, value, source, observed_ms))
        for event in persona.events:
            properties = {name: value_from_proto(value, name) for name, value in event.properties.items()}
            event_ms = event.event_time.ToMilliseconds() if event.HasField("event_time") else at_ms
            self.does(Deed(event.event_id, event.type, event_ms, properties))
        for name, value in (persona.decide.get("context") or {}).items():
            known: Value = tuple(value) if isinstance(value, list) else value
            self._told[CONTEXT + name] = present(self._typed(CONTEXT + name, known, place))

    def is_told(self, facts: Facts, at_ms: int, prefix: str = "") -> None:
        """Raises Refused."""
        for name, fact in facts.items():
            self._told[prefix + name] = self._feature(prefix + name, fact, at_ms)

    def wrong_facts(self, facts: Facts, at_ms: int, prefix: str = "") -> Iterator[Refused]:
        """All that nobody can be told."""
        for name, fact in facts.items():
            try:
                self._feature(prefix + name, fact, at_ms)
            except Refused as refusal:
                yield refusal

    def does(self, deed: Deed) -> None:
        self._deeds.append(deed)

    def infers(self, trait: str, value: Value, at_ms: int) -> None:
        """What a trigger found out stands above what was told before."""
        self._told.pop(trait, None)
        self._statements.append(Statement(trait, value, "COMPUTED", at_ms))

    def _feature(self, name: str, fact: Fact, at_ms: int) -> Feature:
        return feature_of(name, fact, self._kind(name, fact.place), at_ms)

    def _typed(self, name: str, value: Value, place: Place) -> Value:
        try:
            return conform(value, self._kind(name, place))
        except ValueError as error:
            raise Refused(place, f"{name} of the persona must be {error}") from None

    def _kind(self, name: str, place: Place) -> AttributeType:
        if name in self._types:
            return self._types[name]
        message = f'no attribute "{name[:80]}" is declared{suggestion(name, self._types)}'
        raise Refused(place, message, code="UNKNOWN_ATTRIBUTE")
