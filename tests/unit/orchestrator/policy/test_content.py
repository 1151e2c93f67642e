"""Texts are filled, never cut, and stay within what their channel carries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.content import negotiate_locale, render, value_text
from services.orchestrator.domain.text_limits import Charset, TextLimits, text_length
from shared.values import NULL, Feature, FeatureStatus, Value, present


def _title(text: str, **features: Feature) -> str:
    return render({"title": text}, features, "en")["title"]


def test_a_known_value_fills_its_slot() -> None:
    assert _title("Hello {{ first_name | there }}!", first_name=present("Ada")) == "Hello Ada!"


@pytest.mark.parametrize("feature", [NULL, Feature("Ada", FeatureStatus.STALE)])
def test_what_is_not_known_for_sure_gives_the_default(feature: Feature) -> None:
    assert _title("Hello {{first_name|there}}!", first_name=feature) == "Hello there!"


def test_a_missing_value_without_default_leaves_nothing() -> None:
    assert _title("Hello{{first_name}}!") == "Hello!"


def test_a_value_is_not_read_as_a_template() -> None:
    assert _title("{{first_name|x}}", first_name=present("{{tier|gold}}")) == "{{tier|gold}}"


def test_a_value_cannot_break_the_line() -> None:
    assert _title("{{first_name|x}}", first_name=present("Ada\r\nBcc: all@example.com")) == "Ada Bcc: all@example.com"


def test_a_value_that_would_not_fit_gives_way_to_the_default() -> None:
    limits = TextLimits({"text": 10}, Charset.GSM_7)
    template = {"text": "Hi {{first_name|you}}"}
    assert render(template, {"first_name": present("Maximilian")}, "en", limits) == {"text": "Hi you"}
    assert render(template, {"first_name": present("Zoë")}, "en", limits) == {"text": "Hi you"}
    assert render(template, {"first_name": present("Max")}, "en", limits) == {"text": "Hi Max"}


@given(name=st.text(max_size=200))
def test_a_rendered_text_message_always_fits(name: str) -> None:
    limits = TextLimits({"text": 40}, Charset.GSM_7)
    text = render({"text": "Hi {{first_name|you}}, welcome"}, {"first_name": present(name)}, "en", limits)["text"]
    assert text_length(text, Charset.GSM_7) <= 40
    assert limits.fits("text", text)


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (12, "12", "12"),
        (12.5, "12,5", "12.5"),
        (12.0, "12", "12"),
        (True, "oui", "yes"),
        (datetime(2026, 11, 5, tzinfo=UTC), "05/11/2026", "2026-11-05"),
        (("a", "b"), "a, b", "a, b"),
        (None, "", ""),
    ],
)
def test_values_are_written_as_the_locale_does(value: Value, french: str, english: str) -> None:
    assert (value_text(value, "fr-CA"), value_text(value, "en")) == (french, english)


@pytest.mark.parametrize(
    ("requested", "available", "chosen"),
    [
        ("fr", ["fr", "en"], "fr"),
        ("FR_fr", ["en", "fr"], "fr"),
        ("fr-CA", ["fr-FR", "en"], "fr-FR"),
        ("fr-CA", ["fr-FR", "fr-CA"], "fr-CA"),
        ("de", ["fr", "en"], "en"),
        ("", ["fr", "en"], "en"),
        ("de", ["fr", "it"], "fr"),
        ("fr", [], ""),
    ],
)
def test_the_nearest_locale_is_used(requested: str, available: list[str], chosen: str) -> None:
    assert negotiate_locale(requested, available, "en") == chosen
