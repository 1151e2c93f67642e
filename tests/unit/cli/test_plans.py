"""What `serve --apart` runs."""

from __future__ import annotations

from services.cli.processes.child import environment_without_settings
from services.cli.processes.plans import plans
from services.orchestrator.settings import OrchestratorSettings
from services.profile.settings import ProfileSettings
from services.rules.settings import RulesSettings
from services.scoring.settings import ScoringSettings
from shared.settings import ServiceSettings

SETTINGS: dict[str, type[ServiceSettings]] = {
    "profile": ProfileSettings,
    "rules": RulesSettings,
    "scoring": ScoringSettings,
    "orchestrator": OrchestratorSettings,
}


def test_without_settings_every_service_listens_where_it_would_alone() -> None:
    for plan in plans({}):
        assert plan.address == SETTINGS[plan.name].model_fields["listen_address"].default
        assert plan.settings[f"TANDEM_{plan.name}_LISTEN_ADDRESS".upper()] == plan.address


def test_orchestrator_is_told_where_the_others_listen_and_starts_last() -> None:
    planned = plans({"TANDEM_RULES_LISTEN_ADDRESS": "127.0.0.1:6000"})
    assert [plan.name for plan in planned] == ["profile", "rules", "scoring", "orchestrator"]
    assert planned[-1].settings["TANDEM_ORCHESTRATOR_RULES_TARGET"] == "127.0.0.1:6000"
    assert planned[-1].settings["TANDEM_ORCHESTRATOR_PROFILE_TARGET"] == planned[0].address


def test_what_the_environment_sets_is_not_set_again() -> None:
    environ = {"TANDEM_ORCHESTRATOR_PROFILE_TARGET": "dns:///profile:50061", "TANDEM_SCORING_LISTEN_ADDRESS": "[::1]:7"}
    for plan in plans(environ):
        assert not environ.keys() & plan.settings.keys()


def test_every_variable_is_a_setting_of_its_service() -> None:
    orchestrator = plans({})[-1].settings
    names = {f"TANDEM_{name}_{field}".upper() for name, settings in SETTINGS.items() for field in settings.model_fields}
    assert orchestrator.keys() <= names


def test_server_of_the_demo_inherits_no_settings() -> None:
    environ = {"TANDEM_STORE": "mongo", "tandem_data_dir": "x", "PATH": "/bin"}
    assert environment_without_settings(environ) == {"PATH": "/bin"}
