"""What a policy changes in the form of identities: those written under the one before may not be found."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from services.orchestrator.domain.policy_parts import Finding, NamespacePart, Place

_USUAL = {"email": "LOWER_CASE", "phone": "PHONE"}
"""The forms of undeclared values that are not just trimmed."""
_SAME = {"EMAIL": "LOWER_CASE"}
"""Both make the same of an address; one of them refuses what is none."""


def changed_forms(
    before: Collection[NamespacePart], after: Collection[NamespacePart], elsewhere: Place
) -> Iterator[Finding]:
    """A warning for each namespace; `elsewhere` is where one is told that is no longer declared."""
    forms_before, forms_after = _forms(before), _forms(after)
    places = {namespace.name: namespace.place for namespace in after}
    for name in sorted({*forms_before, *forms_after}):
        then, now = (forms.get(name, _USUAL.get(name, "TRIMMED")) for forms in (forms_before, forms_after))
        if then != now:
            message = (
                f'the normalisation of "{name}" differs from that of the active policy: identities that were written '
                "under it are found only where both forms are the same"
            )
            yield Finding(places.get(name) or elsewhere, "NORMALISATION_CHANGED", message, is_error=False)


def _forms(namespaces: Collection[NamespacePart]) -> dict[str, str]:
    written = {each.name: each.normalisation or _USUAL.get(each.name, "TRIMMED") for each in namespaces}
    return {name: _SAME.get(form, form) for name, form in written.items()}
