"""RecordConsentSignals: what a browser says for whoever uses it."""

from __future__ import annotations

from collections.abc import Callable

from services.profile.app.drafts import Drafts, Occasion
from services.profile.app.ports import PENDING_TOKEN, ConsentLog
from services.profile.app.requests import RecordConsentSignals, SignalsRecorded
from services.profile.app.signalling import Occurrence, news_of, statements_of, stems_from
from services.profile.app.stating import held_by, holders_of, not_ahead, state
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.consent_check import MAX_TEXT_LENGTH
from services.profile.domain.identities import Namespaces, normalise_subject
from services.profile.domain.limits import check_observed_time, check_text
from services.profile.domain.signals.browser import browser_of
from services.profile.domain.signals.statements import read_signals


async def record_consent_signals(
    writer: Writer, log: ConsentLog, new_id: Callable[[str], str], command: RecordConsentSignals
) -> SignalsRecorded:
    signals = read_signals(command.signals, "")
    jurisdiction = command.jurisdiction.strip().upper()
    check_text(jurisdiction, "jurisdiction", MAX_TEXT_LENGTH)

    def plan(namespaces: Namespaces) -> Mutation[SignalsRecorded]:
        subject = normalise_subject(command.subject, "subject", namespaces)

        async def edit(drafts: Drafts) -> SignalsRecorded:
            browser = browser_of(subject, drafts.schema.identity_rules)
            arrival = drafts.resolve(subject, Occasion("subject", f"RecordConsentSignals/{command.request_id}"))
            holders = holders_of(browser, arrival, drafts)
            arrival_ms = max(holder.arrival_ms for holder in holders)
            observed_ms = not_ahead(command.observed_ms, arrival_ms)
            check_observed_time(observed_ms, "observed_time", arrival_ms)
            occurrence = Occurrence(browser.key, observed_ms, arrival_ms, jurisdiction)
            part_ids = [part.part_id for holder in holders for part in holder.parts]
            for signal in await news_of(log, part_ids, held_by(holders), browser.key, signals):
                for consent in statements_of(signal, occurrence, lambda: new_id("c")):
                    state(consent, arrival, holders, "subject")
            held = held_by([arrival.draft])
            stated = tuple(each for signal in signals for each in held if stems_from(each, signal))
            return SignalsRecorded(arrival.draft.profile_id, stated, PENDING_TOKEN, arrival.advisories)

        keys = [each.key for each in subject]
        return Mutation("RecordConsentSignals", command, SignalsRecorded, keys, edit)

    return await writer.run_planned(plan)
