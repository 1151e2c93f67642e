"""What all records of decisions hold: the dictionary their compression begins with.

A dictionary never changes: records were written with it. For records that have become others, add one under the next
number; the newest is written with. It is worth a fifth of a record of the demo's policy.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_FIRST = (
    '{"decision_id":"","request_id":"","body_hash":"","profile_id":"","decision_time_ms":0,"record_time_ms":0,"policy_'
    'version":"","feature_set_version":"","command":{"request_id":"","identities":[{"namespace":"","value":"","primary'
    '":true}],"places":{"direction":1,"channels":[],"placements":[{"placement_id":"","count":2,"accepts":{"formats":[]'
    ',"max_length":0,"width":0,"height":0}}]},"events":[{"event_id":"","identities":[{"namespace":"","value":"","prima'
    'ry":true}],"type":"","event_time_ms":null,"properties":{}}],"consistency_token":"","context":{},"locale":"","sess'
    'ion_id":"","decision_time_ms":null,"excluded_actions":[],"across_placements":false,"mode":1,"explain":1,"consent_'
    'signals":{"tcf_string":"","gpc":false},"profile_override":{},"across_channels":null,"sticky_key":"","forced_arm":'
    '"","campaign_id":""},"features":{"x":{"value":"","status":1}},"consents":[{"identity":{"namespace":"","value":"",'
    '"primary":true},"purpose":"MARKETING","channel":"EMAIL","status":"GRANTED","legal_basis":"CONSENT","granted_time_'
    'ms":5,"expire_time_ms":null,"confirmed_time_ms":null,"similar_groups":[],"signalled":false}],"fails_closed":false'
    ',"candidates":{"starts":"","option":"","priority":"","propensity":"","log_odds_mean":"","log_odds_deviation":"","'
    'business_value":"","context_weight":"","expected_value":null},"slots":[{"place":0,"slot":1,"row":-1,"probabilitie'
    's":"","refusals":2,"explored":{"exploration":{"kind":3,"gamma":0.0,"floor":0.0},"floor":0.0,"floor_binds":true,"b'
    'udget_binds":false},"withheld":null,"sticky":null}],"answer":{"decision_id":"","request_id":"","profile_id":"","p'
    'lacements":[{"placement_id":"","propositions":[{"proposition_id":"","channel":"WEB","issue":"","group":"","action'
    '":"","treatment":"","locale":"","content":{},"content_version":"","message_class":"MARKETING","rank":1,"priority"'
    ':0.0,"propensity":0.0,"context_weight":0.0,"business_value":0.0,"lever":0.0,"cost":0.0,"choice_probability":0.0,"'
    'uncertainty":0.0,"evidence":0.0,"tracking_token":"","consent_ref":"","expire_time_ms":0,"reservation_id":"","stic'
    'ky_from_decision_id":"","send_window":null,"resource_cost":0.0,"uses":[]}],"fallback":{"treatment":"","channel":"'
    'WEB","content":{"title":""},"locale":"","reason":5},"no_action":{"reason":4,"expected_value":0.0,"choice_probabil'
    'ity":0.0}}],"versions":{"policy":"","rule_set":"","model":"","catalogue":""},"decision_time_ms":0,"feature_status'
    'es":{},"dropped_by_stage":{},"candidates":[],"dropped":[{"action":"","channel":"","stage":4,"rule_id":"","rule_ve'
    'rsion":"","attribute":"","observed":[],"status":1,"threshold":"","treatment":"","failed":[{"attribute":"","observ'
    'ed":[],"status":1,"threshold":""}],"smallest_change":{"changes":[{"attribute":"","observed":[],"status":1,"needed'
    '":[]}],"none_because":"","smaller_not_ruled_out":true},"margin":null}],"advisories":[],"degraded":false,"consiste'
    'ncy_token":"","timing":{"profile_ns":1,"rules_ns":2,"scoring_ns":3,"arbitration_ns":4,"total_ns":0,"ledger_ns":5}'
    ',"assignment":null,"arm":"","is_compared":true},"contact_counts":[{"limit_id":"","counted":"","used":1,"until_ms"'
    ':null}],"is_known":false,"refusals":[{"place":0,"slot":1,"row":0,"counts":[{"limit_id":"","counted":"","used":2,"'
    'until_ms":null}],"resource":"","room":0}],"is_for_somebody":false,"objectives":[{"name":"","outcomes":[],"window_'
    'ms":0,"feature_set_version":"","currency":"","conversions":null}],"segments":[],"shadow":{"model_version":"","pro'
    'pensity":"","other_winners":1},"is_apprentice":true,"past_contacts":null,"scores":{"uncertainty":"","evidence":""'
    ',"is_learnt":true},"known_advisories":[],"consent_ms":0,"ledger_failure":"","sticky":[{"placement_id":"","treatme'
    'nt":"","decision_id":"","choice_probability":0.0,"expire_ms":0}],"sticky_until_ms":0,"quiet":null,"volume":[],"ar'
    'm":{"arm":1,"membership":5},"reported_segments":[],"campaign_profile_ids":[]}'
)
"""A record with nothing in it, as JSON."""

DICTIONARIES: Mapping[int, bytes] = {1: msgspec.msgpack.encode(msgspec.json.decode(_FIRST))}
"""By number, 1 to 39: a blob's first byte."""
