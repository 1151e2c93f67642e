"""Volume: what contacts take of resources, and how resources stand."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.orchestrator.v1 import volume_pb2 as pb

from services.orchestrator.api.mapping import fields
from services.orchestrator.app.volume.get_volume import ResourceVolume
from services.orchestrator.domain.volume.resources import in_units
from services.orchestrator.domain.volume.standing import ResourceUse
from shared.values import INT64_MAX

MAX_RESOURCES = 300


def use_to(use: ResourceUse) -> pb.ResourceUse:
    return pb.ResourceUse(resource=use.resource_id, units=in_units(use.used), price=use.price)


def names_from(message: pb.GetVolumeRequest) -> tuple[str, ...]:
    fields.at_most(message.resource_ids, MAX_RESOURCES, "resource_ids")
    return tuple(fields.identifier(name, f"resource_ids[{index}]") for index, name in enumerate(message.resource_ids))


def response_of(resources: Sequence[ResourceVolume], currency: str) -> pb.GetVolumeResponse:
    return pb.GetVolumeResponse(resources=[_resource(each) for each in resources], currency_code=currency)


def _resource(volume: ResourceVolume) -> pb.ResourceVolume:
    resource, account = volume.resource, volume.account
    message = pb.ResourceVolume(
        resource=resource.resource_id,
        kind=int(resource.kind),  # type: ignore[arg-type]
        pacing=int(resource.pacing),  # type: ignore[arg-type]
        amount=in_units(resource.amount),
        is_closed=account is None,
    )
    if account is None:
        return message
    message.amount, message.committed = in_units(account.amount), in_units(account.committed)
    message.realised, message.released = in_units(account.realised), in_units(account.released)
    message.remaining, message.price = in_units(account.remaining), account.pace.price
    message.leased = in_units(sum(lease.granted - lease.used for lease in account.leases))
    if account.start_ms:
        message.period_start.FromMilliseconds(account.start_ms)
    if account.end_ms < INT64_MAX:
        message.period_end.FromMilliseconds(account.end_ms)
    if volume.forecast is not None:
        said = volume.forecast
        message.forecast.expected, message.forecast.lowest = in_units(said.expected), in_units(said.lowest)
        message.forecast.highest = in_units(said.highest)
    return message
