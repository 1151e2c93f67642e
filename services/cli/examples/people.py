"""Who is who, what they permit, how often they were contacted: python services/cli/examples/people.py [host:port]"""

import sys
import uuid

import grpc
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.profile.v1.consent_pb2 import Consent
from tandem.profile.v1.contact_ledger_pb2 import GetContactLedgerRequest
from tandem.profile.v1.identity_graph_pb2 import LinkIdentitiesRequest, MergeProfilesRequest
from tandem.profile.v1.profile_service_pb2 import SetConsentRequest
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub


def subject(**identities: str) -> Subject:
    return Subject(identities=[Identity(namespace=name, value=value) for name, value in identities.items()])


def request_id() -> str:
    """The same again when the same call is tried again: it is carried out once."""
    return str(uuid.uuid4())


# One process serves everything at one address; apart (`make run-services`) the profile service is at 127.0.0.1:50061.
target = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
profiles = ProfileServiceStub(grpc.insecure_channel(target))  # type: ignore[no-untyped-call]

number = uuid.uuid4().hex[:8]  # somebody else in each run
mail = f"{number}@example.com"

# She logs in: the browser's cookie and the customer number are one person.
login = LinkIdentitiesRequest(request_id=request_id(), subject=subject(crm=number, cookie=f"{number}-phone"))
print("linked as", profiles.LinkIdentities(login, timeout=1).profile_id)

# She opts in to newsletters, for this address.
yes = Consent(purpose="MARKETING", channel="EMAIL", status="CONSENT_STATUS_GRANTED", collection_point="newsletter_form")
answer = SetConsentRequest(request_id=request_id(), subject=subject(email=mail), consent=yes)
print("permitted on", profiles.SetConsent(answer, timeout=1).profile_id)

# Support finds that customer and address are one person. UnmergeProfiles takes it back, by the merge_id.
same = MergeProfilesRequest(request_id=request_id(), survivor=subject(crm=number), merged=subject(email=mail))
merge = profiles.MergeProfiles(same, timeout=1)
print("merged", merge.merged_profile_id, "into", merge.profile_id, "as", merge.merge_id)

# How often was she contacted, and what do the limits of the policy leave?
ledger = profiles.GetContactLedger(GetContactLedgerRequest(subject=subject(crm=number)), timeout=1)
for limit in ledger.limits:
    print(f"{limit.limit_id}: {limit.used} of {limit.max}")
print(len(ledger.entries), "contacts")
