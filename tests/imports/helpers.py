"""Importing in a test, as a person or a worker does it."""

from collections.abc import Sequence
from typing import Any

from events import due
from imports import commands, files
from imports.models import Format, Import, Kind, RefusedLine
from imports.work import RUN
from merchants.models import Merchant
from merchants.scope import merchant_scope

HEADERS = (
    "external_id,number,placed_at,currency,customer.email,customer.first_name,shipping_address.city,total,"
    "lines[].external_id,lines[].title,lines[].quantity,lines[].unit_price"
)
ORDERS = f"""{HEADERS}
1,#1001,2024-05-01T10:00:00Z,EUR,anna@example.test,Anna,Berlin,30.00,L1,Sweater,1,10.00
1,#1001,2024-05-01T10:00:00Z,EUR,anna@example.test,Anna,Berlin,30.00,L2,Loafer,2,10.00
2,#1002,2024-05-02T10:00:00Z,EUR,ben@example.test,Ben,Bonn,5.00,L1,Socks,1,5.00
3,#1003,2024-05-03T10:00:00Z,EUR,anna@example.test,Annabel,Berlin,7.50,L1,Hat,1,7.50
"""


def draft(merchant: Merchant, content: bytes | str, kind: str = "orders", **more: Any) -> Import:
    """A draft of an import of this file."""
    body = content.encode() if isinstance(content, str) else content
    format_ = Format(more["format_"]) if "format_" in more else None
    stored = files.store([body])
    return commands.create_import(merchant, Kind(kind), "file.csv", stored, commands.look_at(stored, format_))


def imported(merchant: Merchant, content: bytes | str, kind: str = "orders", **more: Any) -> Import:
    """An import of this file, run to its end by a worker."""
    row = draft(merchant, content, kind, **more)
    if mapping := more.get("mapping"):
        commands.map_columns(merchant, row.id, mapping, more.get("options", row.options))
    commands.start_import(merchant, row.id)
    return worked_off(merchant, row)


def worked_off(merchant: Merchant, row: Import) -> Import:
    """The import after a worker has done all that was due."""
    due.run(RUN)
    with merchant_scope(merchant):
        return Import.objects.get(pk=row.pk)


def refused(merchant: Merchant, row: Import) -> Sequence[tuple[int, str, str]]:
    """What an import refused: line, field, what."""
    with merchant_scope(merchant):
        return list(RefusedLine.objects.order_by("line", "id").values_list("line", "field", "detail"))
