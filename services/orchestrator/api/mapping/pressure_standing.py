"""Under how much marketing pressure a person was, on the wire."""

from __future__ import annotations

from tandem.orchestrator.v1 import arbitration_pb2 as pb

from services.orchestrator.api.mapping import fields
from services.orchestrator.domain.contact_pressure import PressureAccount
from shared.clock import MS_PER_DAY


def standing_to(account: PressureAccount | None) -> pb.PressureStanding | None:
    if account is None:
        return None
    standing, basis = account.standing, account.basis
    return pb.PressureStanding(
        level=standing.level,
        contacts=len(basis.contacts),
        weight_per_day=standing.rate * MS_PER_DAY,
        price=standing.price,
        certainty=basis.estimate.certainty,
        in_gap=standing.gap.is_open,
        gap_end_time=fields.time_proto(standing.gap.until_ms),
        gap_probability=standing.gap.probability,
        level_deviation=standing.deviation,
    )
