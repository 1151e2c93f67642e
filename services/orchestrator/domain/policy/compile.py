"""From the files of a policy folder to everything decisions need, or to all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.domain.at_most import at_most_table
from services.orchestrator.domain.campaign_limits import CampaignLimits
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_pressure import option_weights
from services.orchestrator.domain.contact_rules import ContactRules
from services.orchestrator.domain.policy.aggregate_checks import check_conditions
from services.orchestrator.domain.policy.arms import salted
from services.orchestrator.domain.policy.columns import catalogue, learnt_values, option_silence, regulated_actions
from services.orchestrator.domain.policy.compiled import Compilation, CompiledPolicy
from services.orchestrator.domain.policy.contact_checks import check_contact
from services.orchestrator.domain.policy.content_checks import check_content
from services.orchestrator.domain.policy.document import PolicyDocument, read_document
from services.orchestrator.domain.policy.findings import Findings, TooManyFindings
from services.orchestrator.domain.policy.folder import policy_files, read_folder
from services.orchestrator.domain.policy.objective_checks import check_objectives
from services.orchestrator.domain.policy.parts import (
    Lineage,
    feature_sets,
    lineages,
    objectives,
    rule_set,
    trait_schema,
)
from services.orchestrator.domain.policy.pressure_plan import check_pressure, pressure_plan
from services.orchestrator.domain.policy.references import (
    check_constants,
    check_guarantees,
    check_model_size,
    check_references,
    check_values,
)
from services.orchestrator.domain.policy.trigger_checks import check_triggers
from services.orchestrator.domain.policy.volume_table import check_volume, volume_table
from services.orchestrator.domain.policy_parts import USUAL_OBJECTIVE
from services.orchestrator.domain.quiet_table import quiet_table
from shared.ids import content_id
from shared.public_holidays import countries


def compile_policy(files: Mapping[str, bytes]) -> Compilation:
    """Reads, checks and compiles a folder: its files by relative path.

    Deterministic: equal files give an equal policy. Never raises for what the files hold. Conditions are not looked
    into here: the rules service checks `Compilation.rule_set`. Takes about half a second per thousand actions.
    """
    findings = Findings()
    try:
        return _compile(files, findings)
    except TooManyFindings:
        return Compilation(findings.ordered(), None, None)


def _compile(files: Mapping[str, bytes], findings: Findings) -> Compilation:
    folder = read_folder(files, findings)
    document = read_document(folder, findings)
    if not folder.is_complete:
        return Compilation(findings.ordered(), None, None)
    actions = lineages(document)
    _check(document, actions, files, findings)
    ordered = findings.ordered()
    rules = None if findings.has("CONSTANT_TYPE") else rule_set(document, actions)
    if rules is None or any(finding.is_error for finding in ordered):
        return Compilation(ordered, rules, None)
    columns, schema, plan = catalogue(document, actions), trait_schema(document), pressure_plan(document)
    compiled = CompiledPolicy(
        version=policy_version(files),
        settings=document.written.settings,
        catalogue=columns,
        trait_schema=schema,
        rule_set=rules,
        feature_sets=feature_sets(document, actions),
        campaign_limits=CampaignLimits(columns, document.contact.parts),
        contact=_contact_rules(document, columns),
        volume=volume_table(document, actions),
        arms=salted(document.arms, document.written.settings.name),
        pressure=plan,
        pressure_weights=None if plan is None else option_weights(columns, plan),
        regulated=regulated_actions(actions),
        targets=tuple(each.target for each in document.targets),
        objectives=objectives(document),
        arbitrated=document.arbitrated or USUAL_OBJECTIVE,
        learnt_values=learnt_values(document, actions),
        reads_segments=any(declared.reads_segments for declared in document.objectives),
        contacts_ms=max((declared.contacts_ms for declared in document.objectives), default=0),
        at_most=at_most_table(columns.actions, tuple(each.at_most for each in document.written.at_most)),
        silence=option_silence(document, columns),
        response_windows={
            treatment.treatment_id: treatment.response_window_ms
            for action in document.actions
            for treatment in action.treatments
            if treatment.response_window_ms is not None
        },
    )
    return Compilation(ordered, rules, compiled)


def _check(
    document: PolicyDocument, actions: tuple[Lineage, ...], files: Mapping[str, bytes], findings: Findings
) -> None:
    check_references(document, findings)
    check_guarantees(document, findings)
    check_values(document, findings)
    check_constants(actions, findings)
    check_model_size(document, actions, findings)
    check_content(document, findings)
    check_contact(document, actions, findings)
    check_conditions(document, files, findings)
    check_triggers(document, findings)
    check_objectives(document, actions, findings)
    check_volume(document, actions, findings)
    check_pressure(document, findings)


def _contact_rules(document: PolicyDocument, columns: Catalogue) -> ContactRules:
    declared = document.contact
    if any(rule.holidays for rule in declared.quiet_rules):
        countries()  # a decision has no time to load them
    return ContactRules(
        quiet_table(columns, declared.quiet_rules) if declared.quiet_rules else None,
        declared.residence,
        None if declared.priority is None else declared.priority.part,
        declared.prefetch_ms,
    )


def policy_version(files: Mapping[str, bytes]) -> str:
    """The address of a folder: the hash of its policy files, whatever else lies beside them."""
    return content_id("policy", policy_files(files))
