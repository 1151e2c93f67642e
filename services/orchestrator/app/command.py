"""A request to decide, as the rest of the service sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from services.orchestrator.app.ports import NO_SIGNALS, ConsentSignals, Identity, SubjectEvent
from services.orchestrator.domain.decision import Explain, Mode
from services.orchestrator.domain.places import PlaceRequest
from shared.ids import content_hash
from shared.values import Feature, Value


@dataclass(frozen=True, slots=True)
class DecideCommand:
    request_id: str
    identities: tuple[Identity, ...]
    places: PlaceRequest
    events: tuple[SubjectEvent, ...] = ()
    consistency_token: str = ""
    context: Mapping[str, Value] = field(default_factory=dict)
    locale: str = ""
    session_id: str = ""
    decision_time_ms: int | None = None
    """None: on arrival."""
    excluded_actions: tuple[str, ...] = ()
    across_placements: bool | None = None
    """Whether one action fills at most one placement; None for the default, yes."""
    mode: Mode = Mode.EXECUTE
    explain: Explain = Explain.NONE
    consent_signals: ConsentSignals = NO_SIGNALS
    profile_override: Mapping[str, Feature] = field(default_factory=dict)
    """In SIMULATE: what is taken for read, by attribute."""
    across_channels: bool | None = None
    """Whether one action fills placements of at most one channel; None for the default, as `across_placements`."""
    sticky_key: str = ""
    """Under one key a placement serves a person again what it proposed; empty: it does not."""
    forced_arm: str = ""
    """In SIMULATE: the control arm to decide in, by its name; empty: that of the person."""
    campaign_id: str = ""
    """A person gets one decision of it; empty: the decision belongs to none."""

    def without_names(self) -> DecideCommand:
        """As it is kept of a person who has no profile: an erasure, which goes by profile, would not find it."""
        return replace(self, identities=(), events=(), consent_signals=NO_SIGNALS)

    def naming_only(self, places: Collection[int]) -> DecideCommand:
        """As it is kept of a person who holds the identities at these places: the others are somebody else's, or were
        erased, and an erasure of theirs would not find it.
        """
        if len(places) == len(self.identities) and not self.events:
            return self
        kept = tuple(identity for place, identity in enumerate(self.identities) if place in places)
        names = {(identity.namespace, identity.value) for identity in kept}
        return replace(self, identities=kept, events=tuple(_naming_only(names, event) for event in self.events))

    @property
    def body_hash(self) -> str:
        """Equal for requests that ask the same."""
        return content_hash(self)


def _naming_only(names: Collection[tuple[str, str]], event: SubjectEvent) -> SubjectEvent:
    kept = tuple(identity for identity in event.identities if (identity.namespace, identity.value) in names)
    return replace(event, identities=kept)
