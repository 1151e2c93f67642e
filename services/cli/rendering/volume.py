"""How resources stand, as a table."""

from __future__ import annotations

from rich.table import Table
from tandem.orchestrator.v1.volume_pb2 import GetVolumeResponse, ResourceKind, ResourceVolume

_PREFIX = "RESOURCE_KIND_"
_COLUMNS = ("resource", "kind", "period ends", "amount", "committed", "realised", "left", "price", "forecast")


def volume_table(answer: GetVolumeResponse) -> Table:
    table = Table(box=None)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in _COLUMNS[:3] else "right")
    for each in answer.resources:
        table.add_row(*_cells(each, answer.currency_code))
    return table


def _cells(volume: ResourceVolume, currency: str) -> tuple[str, ...]:
    kind = ResourceKind.Name(volume.kind).removeprefix(_PREFIX).lower()
    if volume.is_closed:
        return volume.resource, kind, "closed now", f"{volume.amount:,g}", "", "", "", "", ""
    ends = "never"
    if volume.HasField("period_end"):
        ends = volume.period_end.ToDatetime().isoformat(" ", "minutes")
    return (
        volume.resource,
        kind,
        ends,
        *(_number(each) for each in (volume.amount, volume.committed, volume.realised, volume.remaining)),
        f"{volume.price:,.4g} {currency}",
        _forecast(volume),
    )


def _forecast(volume: ResourceVolume) -> str:
    if not volume.HasField("forecast"):
        return ""
    said = volume.forecast
    return f"{_number(said.expected)} ({_number(said.lowest)} to {_number(said.highest)})"


def _number(amount: float) -> str:
    return f"{amount:,.2f}".rstrip("0").rstrip(".")
