"""Checks the words of treatments: slots that exist, characters the channel carries, lengths within its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.orchestrator.domain.catalogue import Channel
from services.orchestrator.domain.content import Slot, fill, slots, value_text
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, suggestion
from services.orchestrator.domain.policy.references import all_treatments
from services.orchestrator.domain.policy.wording import Text, TreatmentDeclaration
from services.orchestrator.domain.policy_parts import AttributePart
from services.orchestrator.domain.text_limits import NO_LIMITS, TextLimits, foreign_character, text_length

_BRACES = re.compile(r"\{\{|\}\}")


@dataclass(frozen=True, slots=True)
class _Spot:
    """One text in its treatment."""

    treatment: str
    locale: str
    part: str
    text: Text

    def __str__(self) -> str:
        return f"treatment {self.treatment}, locale {self.locale}, part {self.part}"


def check_content(document: PolicyDocument, findings: Findings) -> None:
    checker = _ContentChecker(document, findings)
    for treatment in all_treatments(document):
        checker.check(treatment)


class _ContentChecker:
    def __init__(self, document: PolicyDocument, findings: Findings) -> None:
        self._attributes: Mapping[str, AttributePart] = {
            declaration.attribute.name: declaration.attribute for declaration in document.attributes
        }
        self._channels: Mapping[str, Channel] = document.channels
        self._findings = findings

    def check(self, treatment: TreatmentDeclaration) -> None:
        channel = self._channels.get(treatment.channel.name.upper()) if treatment.channel else None
        limits = channel.limits if channel is not None else NO_LIMITS
        for locale, parts in treatment.content.items():
            for part, text in parts.items():
                self._check_text(_Spot(treatment.treatment_id, locale, part, text), limits)
        self._check_parts(treatment)

    def _check_parts(self, treatment: TreatmentDeclaration) -> None:
        """A part that one locale has and another lacks would be sent empty."""
        all_parts = {part: text for parts in treatment.content.values() for part, text in parts.items()}
        for locale, parts in treatment.content.items():
            for part in sorted(all_parts.keys() - parts.keys()):
                message = (
                    f"treatment {treatment.treatment_id}: the locale {locale} has no {part}, as another locale has"
                )
                self._findings.warning(treatment.place, "MISSING_PART", message)

    def _check_text(self, spot: _Spot, limits: TextLimits) -> None:
        self._check_slots(spot)
        filled = fill(spot.text.text, lambda slot: self._longest(slot, spot.locale, limits))
        if _BRACES.search(fill(spot.text.text, lambda _: "")):
            message = f"{spot}: a slot is written {{{{name}}}} or {{{{name|default}}}}"
            self._findings.error(spot.text.place, "BAD_SLOT", message)
        self._check_length(spot, filled, limits)

    def _check_slots(self, spot: _Spot) -> None:
        for slot in slots(spot.text.text):
            if slot.name not in self._attributes:
                message = f'{spot}: no attribute "{slot.name}" is declared{suggestion(slot.name, self._attributes)}'
                self._findings.error(spot.text.place, "UNKNOWN_SLOT", message)
            elif slot.default is None:
                message = f'{spot}: "{slot.name}" may be missing: write {{{{{slot.name}|a default}}}}'
                self._findings.warning(spot.text.place, "SLOT_WITHOUT_DEFAULT", message)

    def _longest(self, slot: Slot, locale: str, limits: TextLimits) -> str:
        """The longest text that is known to be possible: the default, or one of the allowed values."""
        attribute = self._attributes.get(slot.name)
        allowed = attribute.allowed if attribute is not None and not attribute.type.is_list else ()
        candidates = [slot.default or "", *(value_text(value, locale) for value in allowed)]
        return max(candidates, key=lambda text: text_length(text, limits.charset))

    def _check_length(self, spot: _Spot, filled: str, limits: TextLimits) -> None:
        foreign = foreign_character(filled, limits.charset)
        if foreign is not None:
            position, character = foreign
            message = f"{spot}: {limits.charset} has no {character!r} (U+{ord(character):04X}), at character {position}"
            self._findings.error(spot.text.place, "CONTENT_CHARACTER", message)
        limit = limits.max_lengths.get(spot.part)
        length = text_length(filled, limits.charset)
        if limit is not None and length > limit:
            message = f"{spot}: {length} characters, the limit is {limit}"
            self._findings.error(spot.text.place, "CONTENT_TOO_LONG", message)
