"""The contact ledger of the profile service over gRPC."""

from __future__ import annotations

import grpc
from google.protobuf.duration_pb2 import Duration
from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import contact_ledger_pb2 as pb
from tandem.profile.v1 import contact_pb2
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.orchestrator.adapters.deadline import remaining_s
from services.orchestrator.adapters.reading import reading
from services.orchestrator.app.contact_ledger import LedgerContact, ReservationRequest, Reserved
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.contact_steps import Reach
from shared.clock import MS_PER_SECOND, Clock
from shared.rpc.channel import call
from shared.rpc.values import timestamp_ms, timestamp_proto

SERVICE = "profile"


class GrpcContactLedger:
    """Implements ContactLedger."""

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._stub = ProfileServiceStub(channel)  # type: ignore[no-untyped-call]
        self._clock = clock

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        message = pb.ReserveContactRequest(
            request_id=request.request_id,
            subject=subject_pb2.Subject(
                identities=[
                    subject_pb2.Identity(namespace=each.namespace, value=each.value, primary=each.primary)
                    for each in request.identities
                ]
            ),
            contacts=[_contact(each) for each in request.contacts],
            reached=int(request.reached),  # type: ignore[arg-type]
            schema_version=request.schema_version,
            create_profile=True,
            stop_at_refusal=True,
            ttl=Duration(seconds=-(-request.ttl_ms // MS_PER_SECOND)) if request.ttl_ms else None,
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        response: pb.ReserveContactResponse = await call(
            self._stub.ReserveContact, message, timeout_s=timeout_s, service=SERVICE
        )
        with reading(SERVICE):
            return _reserved(response)

    async def confirm(
        self,
        request_id: str,
        reservation_id: str,
        reached: Reach,
        event_time_ms: int | None,
        *,
        deadline_ms: int,
        answer: int = 0,
    ) -> None:
        message = pb.ConfirmContactRequest(
            request_id=request_id,
            reservation_id=reservation_id,
            reached=int(reached),  # type: ignore[arg-type]
            event_time=None if event_time_ms is None else timestamp_proto(event_time_ms),
            response=answer,  # type: ignore[arg-type]
        )
        timeout_s = remaining_s(deadline_ms, self._clock)
        await call(self._stub.ConfirmContact, message, timeout_s=timeout_s, service=SERVICE)

    async def release(self, request_id: str, reservation_id: str, *, deadline_ms: int) -> None:
        message = pb.ReleaseContactRequest(request_id=request_id, reservation_id=reservation_id)
        timeout_s = remaining_s(deadline_ms, self._clock)
        await call(self._stub.ReleaseContact, message, timeout_s=timeout_s, service=SERVICE)


def _contact(contact: LedgerContact) -> contact_pb2.Contact:
    return contact_pb2.Contact(
        channel=contact.channel,
        direction=contact.direction,
        message_class=contact.message_class,
        issue=contact.issue,
        group=contact.group,
        action=contact.action,
        treatment=contact.treatment,
        campaign=contact.campaign,
        reference=contact.reference,
        send_time=None if contact.planned_ms is None else timestamp_proto(contact.planned_ms),
    )


def contact_count(status: contact_pb2.LimitStatus) -> ContactCount:
    until_ms = timestamp_ms(status.next_slot_time, "next_slot_time") if status.HasField("next_slot_time") else None
    return ContactCount(status.limit_id, status.counted, status.used, until_ms)


def _reserved(response: pb.ReserveContactResponse) -> Reserved:
    granted = [each.granted.reservation_id for each in response.results if each.HasField("granted")]
    refusals = [each.refused for each in response.results if each.HasField("refused")]
    return Reserved(
        tuple(granted),
        tuple(contact_count(each) for refusal in refusals for each in refusal.limits),
        response.profile_id,
        response.consistency_token.value,
    )
