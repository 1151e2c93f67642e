"""Rows as conversions: one row per line of an order, or one with all its `lines`.

Rows that follow each other under one conversion_id are one conversion. What is wrong with one of them is wrong with
all: half an order is never sent. A row that cannot be read is one of the order on both sides of it, or of the one
beside it whose id it shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal, InvalidOperation

from google.type.money_pb2 import Money  # type: ignore[import-untyped]
from tandem.common.v1.subject_pb2 import Identity
from tandem.orchestrator.v1.conversion_pb2 import Conversion, OrderLine

from services.cli.importing.cells import RowRefused, cell_of, shown, text_of, time_of
from services.cli.importing.files.rows import BrokenRow, Cell, Row
from services.cli.importing.mapping import Column, TimeMapping
from services.orchestrator.domain.policy_parts import Place
from shared.rpc.values import timestamp_proto

HEAD = ("conversion_id", "occurred_time", "subject", "order_id", "store_id", "coupon_code", "reverses_conversion_id")
LINE = ("sku", "quantity", "net_price", "margin", "currency")
COLUMNS = (*HEAD, *LINE, "lines")
_TEXTS = ("order_id", "store_id", "coupon_code", "reverses_conversion_id")
_NULL = frozenset({""})
_NANOS = 10**9
_MAX_UNITS = 2**63


@dataclass(frozen=True, slots=True)
class Reading:
    """How cells are read: identities besides those of the column `subject`, by column, and what prices are in."""

    identities: Mapping[str, str]
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OrderRows:
    """The rows of one conversion. `refused`: what is wrong with which of them."""

    rows: tuple[Row, ...]
    conversion: Conversion | None
    line_rows: tuple[Row, ...] = ()
    """Which row each line is of."""
    refused: tuple[Row, RowRefused] | None = None


def orders_of(rows: Iterable[Row | BrokenRow], reading: Reading) -> Iterator[OrderRows | BrokenRow]:
    """In the order of the file; rows that cannot be read come before the conversion that they are beside."""
    held: list[Row] = []
    broken: list[BrokenRow] = []
    """Behind the rows that are held."""
    is_torn = False
    for row in rows:
        if isinstance(row, BrokenRow):
            broken.append(row)
        elif held and _id_of(row) == _id_of(held[0]):
            is_torn = is_torn or bool(broken)
            yield from broken
            broken = []
            held.append(row)
        else:
            if held:
                yield _order(tuple(held), reading, is_torn=is_torn or _shows(broken, held[0]))
            yield from broken
            held, is_torn, broken = [row], _shows(broken, row), []
    if held:
        yield _order(tuple(held), reading, is_torn=is_torn or _shows(broken, held[0]))
    yield from broken


def _shows(broken: Iterable[BrokenRow], row: Row) -> bool:
    """Whether one of them has the id of the row in it."""
    cell = row.cells.get("conversion_id")
    if cell is None or cell == "":
        return False
    wanted = re.compile(rf"(?<![\w-]){re.escape(str(cell).strip())}(?![\w-])")
    return any(wanted.search(each.raw) for each in broken)


def _id_of(row: Row) -> object:
    """A row without an id belongs to no other."""
    cell = row.cells.get("conversion_id")
    return ("row", row.number) if cell is None or cell == "" else str(cell).strip()


def _order(rows: tuple[Row, ...], reading: Reading, *, is_torn: bool) -> OrderRows:
    """`is_torn`: a row of it cannot be read."""
    if is_torn:
        return OrderRows(rows, None, refused=(rows[0], RowRefused("conversion_id", "a row of it cannot be read")))
    conversion = None
    lines: list[OrderLine] = []
    line_rows: list[Row] = []
    for row in rows:
        try:
            head = _head(row, reading)
            if conversion is not None and head != conversion:
                raise RowRefused("conversion_id", "says something else of the conversion than the row before it")
            conversion = head
            own = _lines(row, reading)
        except RowRefused as refused:
            return OrderRows(rows, None, refused=(row, refused))
        lines += own
        line_rows += [row] * len(own)
    whole = Conversion()
    if conversion is not None:
        whole.CopyFrom(conversion)
    whole.lines.extend(lines)
    return OrderRows(rows, whole, tuple(line_rows))


def _head(row: Row, reading: Reading) -> Conversion:
    conversion = Conversion(conversion_id=_text(row, "conversion_id"))
    if not conversion.conversion_id:
        raise RowRefused("conversion_id", "is empty")
    moment = TimeMapping(UTC, columns=(_column("occurred_time"),))
    conversion.occurred_time.CopyFrom(timestamp_proto(time_of(row, moment, _NULL)))
    for name in _TEXTS:
        setattr(conversion, name, _text(row, name))
    conversion.subject.identities.extend(_identities(row, reading))
    return conversion


def _identities(row: Row, reading: Reading) -> Iterator[Identity]:
    for word in _text(row, "subject").split():
        namespace, colon, value = word.partition(":")
        if not (namespace and colon and value):
            raise RowRefused("subject", f"{shown(word)} is no identity such as crm:1007")
        yield Identity(namespace=namespace, value=value)
    for column, namespace in reading.identities.items():
        if value := _text(row, column):
            yield Identity(namespace=namespace, value=value)


def _lines(row: Row, reading: Reading) -> Sequence[OrderLine]:
    nested = row.cells.get("lines")
    if nested is None:
        return (
            [_line(row, row.cells, reading, "")] if any(row.cells.get(each) not in (None, "") for each in LINE) else []
        )
    if not isinstance(nested, list):
        raise RowRefused("lines", f"must be a list of objects, not {shown(nested)}")
    lines: list[OrderLine] = []
    for index, cells in enumerate(nested):
        if not isinstance(cells, dict):
            raise RowRefused(f"lines[{index}]", f"must be an object, not {shown(cells)}")
        if strangers := sorted(cells.keys() - set(LINE)):
            raise RowRefused(f"lines[{index}].{strangers[0]}", "is no field of a line")
        lines.append(_line(row, cells, reading, f"lines[{index}]."))
    return lines


def _line(row: Row, cells: Mapping[str, Cell], reading: Reading, prefix: str) -> OrderLine:
    own = Row(row.number, row.line, {f"{prefix}{name}": cell for name, cell in cells.items()})
    currency = _text(own, f"{prefix}currency") or reading.currency
    sku = _text(own, f"{prefix}sku")
    if not sku:
        raise RowRefused(f"{prefix}sku", "is empty")
    quantity = _number(own, f"{prefix}quantity")
    line = OrderLine(sku=sku, quantity=1.0 if quantity is None else float(quantity))
    for name in ("net_price", "margin"):
        amount = _number(own, f"{prefix}{name}")
        if amount is not None:
            getattr(line, name).CopyFrom(_money(amount, currency, f"{prefix}{name}"))
    return line


def _number(row: Row, name: str) -> Decimal | None:
    """Exactly as it is written."""
    _, cell = cell_of(row, (_column(name),), _NULL)
    if cell is None:
        return None
    try:
        if isinstance(cell, bool) or not isinstance(cell, str | int | float):
            raise InvalidOperation
        number = Decimal(cell.strip() if isinstance(cell, str) else str(cell))
    except InvalidOperation:
        raise RowRefused(name, f"must be a number, not {shown(cell)}") from None
    if not number.is_finite() or abs(number.adjusted()) > 300:
        raise RowRefused(name, f"must be a finite number, not {shown(cell)}")
    return number


def _money(amount: Decimal, currency: str, name: str) -> Money:
    if not currency:
        raise RowRefused(name, "is in no currency: add a column `currency`, or --currency")
    nanos = int((amount * _NANOS).to_integral_value())
    sign = -1 if nanos < 0 else 1
    units, rest = divmod(abs(nanos), _NANOS)
    if units >= _MAX_UNITS:
        raise RowRefused(name, f"{shown(str(amount))} is more than any price")
    return Money(currency_code=currency, units=sign * units, nanos=sign * rest)


def _text(row: Row, name: str) -> str:
    column, cell = cell_of(row, (_column(name),), _NULL)
    return "" if cell is None else text_of(column, cell)


def _column(name: str) -> Column:
    return Column(name, Place("", 1, 1))
