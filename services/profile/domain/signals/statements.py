"""What the signals of a browser stand for, as statements of its identity.

    signal               purpose of ours    GRANTED where                                      else
    TCF 1                COLLECTION         consented                                          DENIED *
    TCF 2                ADVERTISING        consented, or told and not objected                DENIED
    TCF 3, 4, 5, 6       PROFILING          consented to all four                              DENIED
    TCF 7, 8, 9          MEASUREMENT        consented to each, or told and not objected        DENIED
    TCF 10               TRAINING           consented, or told and not objected                DENIED
    TCF 11               CONTENT            consented, or told and not objected                DENIED
    GPC                  SALE_AND_SHARING   never                                              DENIED

* nothing where the dialogue did not ask (PurposeOneTreatment). "Told and not objected" is GRANTED on the basis of
LEGITIMATE_INTEREST, so that it counts for no purpose that needs consent. One of ours that stands for several of theirs
is granted by all of them only: using less than was permitted is lawful, using more is not.

The signal itself is recorded beside them, as it came, as a statement for TCF or GPC that is UNKNOWN: proof, no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from services.profile.domain.consents import ConsentStatus, LegalBasis
from services.profile.domain.limits import missing
from services.profile.domain.signals.tcf import Malformed, TcString, decode_tc_string
from shared.errors import InvalidArgument

MAX_TCF_BYTES = 4_096
TCF, GPC = "TCF", "GPC"
GPC_HEADER = "Sec-GPC: 1"
SALE_AND_SHARING = "SALE_AND_SHARING"

_TCF_PURPOSES = {
    "COLLECTION": frozenset({1}),
    "ADVERTISING": frozenset({2}),
    "PROFILING": frozenset({3, 4, 5, 6}),
    "MEASUREMENT": frozenset({7, 8, 9}),
    "TRAINING": frozenset({10}),
    "CONTENT": frozenset({11}),
}
_CONSENT_ONLY = frozenset({1, 3, 4, 5, 6})
"""The framework allows no legitimate interest for these."""


@dataclass(frozen=True, slots=True)
class Signals:
    """As a browser sends them. An empty string: none; `gpc` False says nothing."""

    tcf_string: str = ""
    gpc: bool = False


NO_SIGNALS = Signals()


@dataclass(frozen=True, slots=True)
class Meaning:
    """One purpose of ours, as a signal answers it."""

    purpose: str
    status: ConsentStatus
    legal_basis: LegalBasis = LegalBasis.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class ReadSignal:
    """One signal and what it stands for."""

    kind: str
    """TCF or GPC."""
    content: str
    """As it came."""
    meanings: tuple[Meaning, ...]
    collection_point: str
    policy_version: str = ""

    @property
    def digest(self) -> str:
        """Tells signals apart, in few bytes: the proof of the statements it stands for."""
        return f"{self.kind.lower()}:sha256:{sha256(self.content.encode()).hexdigest()}"


def read_signals(signals: Signals, path: str) -> tuple[ReadSignal, ...]:
    """`path` is what stands before the names of the fields. Raises InvalidArgument, also where nothing is signalled."""
    read = [_read_tcf(signals.tcf_string, f"{path}tcf_string")] if signals.tcf_string else []
    if signals.gpc:
        denied = Meaning(SALE_AND_SHARING, ConsentStatus.DENIED)
        read.append(ReadSignal(GPC, GPC_HEADER, (denied,), "gpc"))
    if not read:
        raise missing(f"{path}tcf_string")
    return tuple(read)


def _read_tcf(text: str, field: str) -> ReadSignal:
    if len(text) > MAX_TCF_BYTES:
        raise InvalidArgument.field(field, f"must have at most {MAX_TCF_BYTES} bytes")
    try:
        decoded = decode_tc_string(text)
    except Malformed as fault:
        raise InvalidArgument.field(field, f"{fault}") from None
    version = f"tcf-{decoded.policy_version}/{decoded.vendor_list_version}"
    return ReadSignal(TCF, text, tuple(_meanings(decoded)), f"tcf:cmp-{decoded.cmp_id}", version)


def _meanings(tc_string: TcString) -> Iterator[Meaning]:
    unopposed = tc_string.consents | (tc_string.legitimate_interests - _CONSENT_ONLY)
    for purpose, needed in _TCF_PURPOSES.items():
        if needed <= tc_string.consents:
            yield Meaning(purpose, ConsentStatus.GRANTED, LegalBasis.CONSENT)
        elif needed <= unopposed:
            yield Meaning(purpose, ConsentStatus.GRANTED, LegalBasis.LEGITIMATE_INTEREST)
        elif needed != {1} or tc_string.asks_for_purpose_1:
            yield Meaning(purpose, ConsentStatus.DENIED)
