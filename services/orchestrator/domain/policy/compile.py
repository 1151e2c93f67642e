"""From the files of a policy folder to everything decisions need, or to all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.domain.policy.columns import catalogue
from services.orchestrator.domain.policy.compiled import Compilation, CompiledPolicy
from services.orchestrator.domain.policy.content_checks import check_content
from services.orchestrator.domain.policy.document import PolicyDocument, read_document
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.folder import policy_files, read_folder
from services.orchestrator.domain.policy.parts import feature_set, lineages, rule_set, trait_schema
from services.orchestrator.domain.policy.references import check_references, check_values
from services.orchestrator.domain.policy_parts import RuleSetPart
from shared.ids import content_id


def compile_policy(files: Mapping[str, bytes]) -> Compilation:
    """Reads, checks and compiles a folder: its files by relative path.

    Deterministic: equal files give an equal policy. Never raises for what the files hold. Conditions are not looked
    into here: the rules service checks `Compilation.rule_set`. Takes about a second per thousand actions.
    """
    findings = Findings()
    folder = read_folder(files, findings)
    document = read_document(folder, findings)
    check_references(document, findings)
    check_values(document, findings)
    check_content(document, findings)
    ordered = findings.ordered()
    rules = rule_set(document, lineages(document)) if folder.is_complete else None
    if rules is None or any(finding.is_error for finding in ordered):
        return Compilation(ordered, rules, None)
    return Compilation(ordered, rules, _compiled(files, document, rules))


def policy_version(files: Mapping[str, bytes]) -> str:
    """The address of a folder: the hash of its policy files, whatever else lies beside them."""
    return content_id("policy", policy_files(files))


def _compiled(files: Mapping[str, bytes], document: PolicyDocument, rules: RuleSetPart) -> CompiledPolicy:
    actions = lineages(document)
    return CompiledPolicy(
        version=policy_version(files),
        settings=document.written.settings,
        catalogue=catalogue(document, actions),
        trait_schema=trait_schema(document),
        rule_set=rules,
        feature_set=feature_set(document, actions),
    )
