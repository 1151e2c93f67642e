"""Which signals of a browser say something new, and the statements they stand for.

A browser repeats its signals at every request. What was recorded before is no new statement: it must not take back what
the person said since, and costs no write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from services.profile.app.fairness import give_way
from services.profile.app.ports import ConsentLog
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.signals.statements import ReadSignal

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A browser's signals at a moment. `identity`: the key of the browser's."""

    identity: str
    observed_ms: int
    recorded_ms: int
    jurisdiction: str = ""


async def news_of(
    log: ConsentLog, part_ids: Collection[str], held: Sequence[Consent], identity: str, signals: Sequence[ReadSignal]
) -> list[ReadSignal]:
    """Those that are not on record as the last ones of their kind. `held`: the statements in force."""
    own = [each for each in held if each.identity == identity]
    return [each for each in signals if not await _is_known(log, part_ids, own, identity, each)]


async def _is_known(
    log: ConsentLog, part_ids: Collection[str], own: Sequence[Consent], identity: str, signal: ReadSignal
) -> bool:
    if not own:
        return False  # a signal leaves statements in force, its own or those that overruled them
    standing = {each.purpose for each in own if stems_from(each, signal)}
    if standing.issuperset(meaning.purpose for meaning in signal.meanings):
        return True
    return await _last_content(log, part_ids, identity, signal.kind) == signal.content


async def _last_content(log: ConsentLog, part_ids: Collection[str], identity: str, kind: str) -> str | None:
    before, step = None, 0
    while page := await log.statements(part_ids, before, PAGE_SIZE):
        for statement in page:
            if statement.identity == identity and statement.purpose == kind and statement.signalled:
                return statement.proof
        before, step = page[-1].place, step + 1
        await give_way(step)
    return None


def stems_from(statement: Consent, signal: ReadSignal) -> bool:
    return statement.signalled and statement.proof == signal.digest


def statements_of(signal: ReadSignal, occurrence: Occurrence, new_id: Callable[[], str]) -> Iterator[Consent]:
    """The signal as it came, then what it stands for."""
    yield _statement(signal, occurrence, new_id(), signal.kind, ConsentStatus.UNKNOWN, proof=signal.content)
    for each in signal.meanings:
        yield _statement(signal, occurrence, new_id(), each.purpose, each.status, each.legal_basis, signal.digest)


def _statement(
    signal: ReadSignal,
    occurrence: Occurrence,
    statement_id: str,
    purpose: str,
    status: ConsentStatus,
    legal_basis: LegalBasis = LegalBasis.UNSPECIFIED,
    proof: str = "",
) -> Consent:
    return Consent(
        statement_id=statement_id,
        identity=occurrence.identity,
        purpose=purpose,
        channel="",
        status=status,
        legal_basis=legal_basis,
        granted_ms=occurrence.observed_ms,
        recorded_ms=occurrence.recorded_ms,
        jurisdiction=occurrence.jurisdiction,
        collection_point=signal.collection_point,
        policy_version=signal.policy_version,
        proof=proof,
        signalled=True,
    )
