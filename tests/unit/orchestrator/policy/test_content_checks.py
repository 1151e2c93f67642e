"""Words are held to the limits of their channel before anybody sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Found = Callable[[str], list[str]]
Messages = Callable[[str], list[str]]


def _sms(text: str) -> str:
    return f"fallbacks:\n  f:\n    channel: sms\n    content: {{en: {{text: '{text}'}}}}\n"


def _title(text: str) -> str:
    return f"fallbacks: {{f: {{channel: web, content: {{en: {{title: '{text}'}}}}}}}}"


def test_a_text_message_of_160_characters_fits(found: Found) -> None:
    assert found(_sms("x" * 160)) == []


def test_the_161st_character_is_named_with_its_treatment(found: Found, messages: Messages) -> None:
    assert found(_sms("x" * 161)) == ["4:27 CONTENT_TOO_LONG"]
    assert messages(_sms("x" * 161)) == ["treatment f, locale en, part text: 161 characters, the limit is 160"]


@pytest.mark.parametrize("character", list("^{}[]~|€\\"))
def test_a_character_of_the_extension_table_counts_two(character: str, found: Found) -> None:
    assert found(_sms("x" * 158 + character)) == []
    assert found(_sms("x" * 159 + character)) == ["4:27 CONTENT_TOO_LONG"]


@pytest.mark.parametrize("character", list("ê’ç…😀"))
def test_a_character_outside_gsm_is_named_with_its_position(character: str, found: Found, messages: Messages) -> None:
    assert found(_sms(f"oh {character}")) == ["4:27 CONTENT_CHARACTER"]
    assert f"U+{ord(character):04X}), at character 4" in messages(_sms(f"oh {character}"))[0]


def test_composed_and_decomposed_characters_count_alike(found: Found) -> None:
    assert found(_title("e\u0301" * 20)) == []
    assert found(_title("e\u0301" * 21)) == ["1:54 CONTENT_TOO_LONG"]


def test_the_default_of_a_slot_counts(found: Found) -> None:
    assert found(_title("{{first_name|" + "x" * 20 + "}}")) == []
    assert found(_title("{{first_name|" + "x" * 21 + "}}")) == ["1:54 CONTENT_TOO_LONG"]


def test_the_longest_allowed_value_of_a_slot_counts(found: Found) -> None:
    assert found(_title("x" * 14 + "{{tier|-}}")) == []
    assert found(_title("x" * 15 + "{{tier|-}}")) == ["1:54 CONTENT_TOO_LONG"]


def test_a_part_without_a_limit_may_be_long(found: Found) -> None:
    assert found(_title("x").replace("title", "story").replace("'x'", "'" + "x" * 5_000 + "'")) == []


def test_a_slot_may_read_the_context(found: Found) -> None:
    text = "context: {city: {type: string}}\n" + _title("{{context.city|here}}")
    assert found(text) == []
