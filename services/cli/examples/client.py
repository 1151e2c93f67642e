"""Ask for a decision, show it, report the click: python services/cli/examples/client.py [host:port]"""

import sys
import uuid

import grpc
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.orchestrator.v1.decision_pb2 import DecideRequest, Placement
from tandem.orchestrator.v1.orchestrator_service_pb2 import CaptureOutcomesRequest
from tandem.orchestrator.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub
from tandem.orchestrator.v1.outcome_pb2 import OutcomeItem

target = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
tandem = OrchestratorServiceStub(grpc.insecure_channel(target))  # type: ignore[no-untyped-call]
visitor = Subject(identities=[Identity(namespace="cookie", value="7f3a")])
hero = Placement(placement_id="home_hero")
request = DecideRequest(request_id=str(uuid.uuid4()), subject=visitor, placements=[hero], direction="DIRECTION_INBOUND")
decision = tandem.Decide(request, timeout=1)
for item in decision.placement_results[0].propositions.items:
    print(f"{item.action}: {item.content['title']} (worth {item.priority:.2f})")
    click = OutcomeItem(idempotency_key="click-1", proposition_id=item.proposition_id, outcome="OUTCOME_CLICKED")
    tandem.CaptureOutcomes(CaptureOutcomesRequest(request_id=str(uuid.uuid4()), items=[click]), timeout=1)
