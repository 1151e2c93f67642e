"""Settings: what is read, what is refused, what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic_settings import SettingsConfigDict

from shared.settings import Address, ServiceSettings, SettingsError, StoreKind, load, print_config


class ExampleSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TANDEM_EXAMPLE_")
    other_variables = frozenset({"TANDEM_EXAMPLE_TARGET"})

    listen_address: Address = "127.0.0.1:50999"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("TANDEM_"):
            monkeypatch.delenv(name)


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        load(ExampleSettings)
    return str(caught.value)


def test_defaults_hold_where_nothing_is_set() -> None:
    settings = load(ExampleSettings)
    assert settings.listen_address == "127.0.0.1:50999"
    assert settings.store is StoreKind.SQLITE


def test_variable_with_the_prefix_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_EXAMPLE_DRAIN_SECONDS", "2.5")
    assert load(ExampleSettings).drain_seconds == 2.5


def test_misspelt_variable_is_refused_with_the_name_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_EXAMPLE_DRIAN_SECONDS", "2")
    assert refusal() == ("TANDEM_EXAMPLE_DRIAN_SECONDS is not a setting: did you mean TANDEM_EXAMPLE_DRAIN_SECONDS?")


def test_unknown_variables_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_EXAMPLE_XYZZY", "2")
    monkeypatch.setenv("TANDEM_EXAMPLE_MONGO", "2")
    assert [line.split()[0] for line in refusal().splitlines()] == ["TANDEM_EXAMPLE_MONGO", "TANDEM_EXAMPLE_XYZZY"]


def test_variable_of_another_prefix_or_program_is_not_ours_to_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_PROFILE_XYZZY", "1")
    monkeypatch.setenv("TANDEM_EXAMPLE_TARGET", "1")
    assert load(ExampleSettings) == ExampleSettings()


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("MAX_CONCURRENT_RPCS", "many", "valid integer"),
        ("MAX_CONCURRENT_RPCS", "0", "greater than or equal to 1"),
        ("STORE", "postgres", "'sqlite' or 'mongo'"),
        ("LISTEN_ADDRESS", "50051", "must be host:port"),
        ("METRICS_ADDRESS", "localhost:99999", "must be host:port"),
        ("TLS_KEY_FILE", "/does/not/exist", "does not point to a file"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_wrong_value_is_one_readable_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str) -> None:
    monkeypatch.setenv(f"TANDEM_EXAMPLE_{name}", value)
    text = refusal()
    assert text.startswith(f"TANDEM_EXAMPLE_{name}: ")
    assert problem in text
    assert "pydantic" not in text


def test_mongo_store_without_a_uri_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_EXAMPLE_STORE", "mongo")
    assert refusal() == "TANDEM_EXAMPLE_MONGO_URI must be set where the store is mongo"


def test_half_of_a_tls_pair_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("key")
    monkeypatch.setenv("TANDEM_EXAMPLE_TLS_KEY_FILE", str(tmp_path / "key.pem"))
    assert refusal() == "a TLS certificate and its key must be set together"


def test_addresses_may_be_off_but_the_one_that_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_EXAMPLE_METRICS_ADDRESS", "off")
    assert load(ExampleSettings).metrics_address == "off"
    monkeypatch.setenv("TANDEM_EXAMPLE_LISTEN_ADDRESS", "off")
    assert "must be host:port" in refusal()


def test_secrets_are_hidden_in_print_config_and_in_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_EXAMPLE_BEARER_TOKEN", "s3same")
    monkeypatch.setenv("TANDEM_EXAMPLE_MONGO_URI", "mongodb://user:passw0rd@db")
    settings = load(ExampleSettings)
    text = print_config(settings) + repr(settings)
    assert "s3same" not in text
    assert "passw0rd" not in text
    assert settings.token() == "s3same"
    monkeypatch.setenv("TANDEM_EXAMPLE_STORE", "s3same")
    assert "s3same" not in refusal()


def test_print_config_shows_every_setting_under_its_variable_with_its_meaning() -> None:
    lines = print_config(load(ExampleSettings)).splitlines()
    assert len(lines) == len(ExampleSettings.model_fields)
    assert any(line.startswith("TANDEM_EXAMPLE_GRACE_SECONDS=5") for line in lines)
    assert not [line for line in lines if line.endswith(("# ", "# None"))], "a setting without a meaning"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(ExampleSettings).store = StoreKind.MONGO  # type: ignore[misc]
