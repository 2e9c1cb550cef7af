"""Reads orders in the columns of the Olist data set (parquet) as past cases: for `manage.py eta_backtest --orders`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import inf, nan
from pathlib import Path
from typing import Any

from tracking.eta.cases import SECONDS_A_DAY, Case, Past, Stage
from tracking.regions import area_of, weekdays_off

_EPOCH = date(1970, 1, 1).toordinal()

_ORDERS = [
    "order_id", "order_purchase_timestamp", "order_delivered_carrier_date", "order_delivered_customer_date",
    "order_estimated_delivery_date", "customer_zip_code_prefix", "customer_state",
]  # fmt: skip
_ITEMS = ["order_id", "seller_id", "shipping_limit_date", "price", "freight_value"]
_SELLERS = ["seller_id", "seller_zip_code_prefix", "seller_state"]


@dataclass(slots=True)
class _Items:
    """What an order's items add up to; the seller is the first one's."""

    seller: str
    limit: float
    price: float = 0.0
    freight: float = 0.0
    pieces: int = 0


def read(orders: Path, items: Path, sellers: Path) -> list[Past]:
    """Two cases an order: at its purchase, and at its hand-over if there was one. Orders without an item are left out.

    Raises OSError for a file that is not there and ValueError (pyarrow's) for one of another form.
    """
    known = {row["seller_id"]: row for row in _rows(sellers, _SELLERS)}
    bought = _items(items)
    found: list[Past] = []
    seen: set[str] = set()
    for row in _rows(orders, _ORDERS):
        parts = bought.get(row["order_id"])
        placed = _days(row["order_purchase_timestamp"])
        if parts is None or placed != placed or row["order_id"] in seen:
            continue
        seen.add(row["order_id"])  # files that were put together may hold an order twice
        found += _pasts(row, parts, known.get(parts.seller, {}), placed)
    return found


def _pasts(row: Mapping[str, Any], parts: _Items, seller: Mapping[str, Any], placed: float) -> list[Past]:
    shipped, delivered = (
        _days(row["order_delivered_carrier_date"]),
        _days(row["order_delivered_customer_date"]),
    )
    due = _days(row["order_estimated_delivery_date"])
    delivered = inf if delivered != delivered else delivered
    made = []
    for stage, at in ((Stage.PURCHASE, placed), (Stage.HANDOVER, shipped)):
        if at != at:
            continue
        day = date.fromordinal(_EPOCH + int(at))
        state = seller.get("seller_state") or ""
        case = Case(
            stage, at, placed, shipped if stage == Stage.HANDOVER else nan,
            origin=parts.seller, origin_country="BR", origin_region=state,
            origin_postcode=_postcode(seller.get("seller_zip_code_prefix")),
            country="BR", region=row["customer_state"] or "", postcode=_postcode(row["customer_zip_code_prefix"]),
            promise=due - at,
            # It is set when the payment is approved, which is hours or days after the purchase: not known then.
            dispatch_by=parts.limit - at if stage == Stage.HANDOVER else nan,
            price=parts.price, shipping=parts.freight, pieces=float(parts.pieces),
            origin_days_off=weekdays_off(area_of("BR", state), day),
            days_off=weekdays_off(area_of("BR", row["customer_state"] or ""), day),
        )  # fmt: skip
        made.append(Past(case, delivered, shipped))
    return made


def _items(path: Path) -> dict[str, _Items]:
    found: dict[str, _Items] = {}
    for row in _rows(path, _ITEMS):
        limit = _days(row["shipping_limit_date"])
        parts = found.setdefault(row["order_id"], _Items(row["seller_id"] or "", limit))
        parts.limit = max(parts.limit, limit)
        parts.price += row["price"] or 0.0
        parts.freight += row["freight_value"] or 0.0
        parts.pieces += 1
    return found


def _rows(path: Path, columns: list[str]) -> list[dict[str, Any]]:
    from pyarrow import parquet

    rows: list[dict[str, Any]] = parquet.read_table(path, columns=columns).to_pylist()
    return rows


def _days(value: object) -> float:
    """A time as days since 1970; nan for none. The files have them as timestamps or as text, without a zone."""
    if isinstance(value, str) and value:
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return nan
    return value.replace(tzinfo=UTC).timestamp() / SECONDS_A_DAY


def _postcode(value: object) -> str:
    """Five digits: the files hold numbers, whose leading zeros are gone."""
    return f"{int(value):05d}" if isinstance(value, int | float) and value == value else ""
