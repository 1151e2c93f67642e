"""Messages on the wire and what the use cases are asked and answer, by family.

fields      single fields and their limits      subject   identities and events
request     DecideRequest, both ways            answer    DecideResponse
outcomes    CaptureOutcomes                     policies  policies and their findings
decisions   GetDecision and ExplainDecision
"""
