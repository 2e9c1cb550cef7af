"""One of everything that the dashboard shows, for a merchant."""

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from PIL import Image

from cases.models import Case, CaseEntry, CasePhoto
from dashboard.models import BulkJob, SavedTab
from events.models import ParkedFact
from merchants.ids import public_id, uuid7
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.campaigns.models import Campaign
from notifications.models import Message
from orders.models import InboxItem, Order
from orders.segments.models import Segment
from returns.claims.models import Claim, ClaimEntry, ClaimPhoto
from returns.models import Return, ReturnEntry, ReturnLine, ReturnPhoto
from returns.money.models import Refund
from returns.withdrawal.chaining import append
from returns.withdrawal.models import Withdrawal
from tests import factories
from tests.analytics.lift.filled import filled
from tracking.models import Shipment, WatchItem


def _pixel() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), "#0b6b53").save(out, "JPEG")
    return out.getvalue()


PIXEL = _pixel()


@dataclass(frozen=True)
class Scene:
    """The rows, and their ids as addresses write them."""

    merchant: Merchant
    order: Order
    parcel: Shipment
    sent: Message
    failed: Message
    parked: ParkedFact
    item: InboxItem
    job: BulkJob
    tab: SavedTab
    case: Case
    closed_case: Case
    photo: CasePhoto
    watched: WatchItem
    segment: Segment
    campaign: Campaign
    withdrawal: Withdrawal
    refund: Refund
    claim: Claim
    evidence: ClaimPhoto
    ret: Return
    picture: ReturnPhoto

    @property
    def ids(self) -> dict[str, str]:
        """Values for every parameter of the dashboard's addresses."""
        return {
            "slug": self.merchant.slug,
            "order_id": public_id("ord", self.order.id),
            "message_id": public_id("msg", self.failed.id),
            "parked_id": public_id("prk", self.parked.id),
            "item_id": public_id("inb", self.item.id),
            "shipment_id": public_id("shp", self.parcel.id),
            "customer_id": public_id("cus", self.order.customer_id),
            "job_id": public_id("blk", self.job.id),
            "tab_id": public_id("tab", self.tab.id),
            "case_id": public_id("cas", self.case.id),
            "closed_case_id": public_id("cas", self.closed_case.id),
            "photo_id": public_id("cph", self.photo.id),
            "return_id": public_id("ret", self.ret.id),
            "picture_id": public_id("rph", self.picture.id),
            "claim_id": public_id("clm", self.claim.id),
            "evidence_id": public_id("clp", self.evidence.id),
            "withdrawal_id": public_id("wdr", self.withdrawal.id),
            "refund_id": public_id("rfd", self.refund.id),
            "segment_id": public_id("seg", self.segment.id),
            "campaign_id": public_id("cmp", self.campaign.id),
            "watch_id": public_id("wat", self.watched.id),
        }


def build(merchant: Merchant, **order_fields: Any) -> Scene:
    """The scene of a merchant: nothing of it is due, so no worker touches it."""
    order = factories.order(merchant, quantity=2, **order_fields)
    parcel = factories.shipment(merchant, order, quantity=1, carrier="DHL", tracking_number="JJD100200300")
    factories.scan(
        merchant, parcel, "in_transit", timezone.now() - timedelta(hours=3), substatus="transit.departure",
        city="Leipzig", country="DE",
    )  # fmt: skip
    assert order.customer_id is not None
    filled(merchant, order.customer_id)
    with merchant_scope(merchant):
        sent = message(merchant, order, state="sent", subject="Your order is on its way", html="<p>Hello Anna</p>",
                       text="Hello Anna", sent_at=timezone.now(), provider="smtp")  # fmt: skip
        failed = message(
            merchant, order, state="failed", reason="provider_error", error="Traceback\nOSError: no route",
            html="<p>Hello Anna</p>",
        )  # fmt: skip
        parked = parked_fact(merchant, order, position=1)
        item = failed_item(merchant, "w-1")
        job = BulkJob.objects.create(
            merchant=merchant, action="cancel", order_ids=[order.id], position=1, finished_at=timezone.now(),
            refused=[[order.number, str(order.id), "order_delivered"]], actor="clara@nordwind.test",
        )  # fmt: skip
        tab = SavedTab.objects.create(
            merchant=merchant, list_name="orders", name="Germany", query="country=DE"
        )
        case = a_case(merchant, order, kind="damaged", status="answered")
        closed = a_case(merchant, order, kind="wrong_item", status="closed", outcome="solved")
        entry = case.entries.get()
        photo = CasePhoto.objects.create(
            merchant=merchant, case=case, entry=entry, image=PIXEL, created_at=timezone.now()
        )
        watched = a_watch_item(merchant, parcel)
        segment = a_segment(merchant)
        campaign = Campaign.objects.create(
            merchant=merchant, name="Autumn", segment="new", created_at=timezone.now()
        )
        with transaction.atomic():  # its history is written under a lock
            withdrawal = a_withdrawal(merchant, order)
        refund = a_refund(merchant, order)
        claim = a_claim(merchant, parcel)
        ret, picture = a_return(merchant, order)
        evidence = ClaimPhoto.objects.create(
            merchant=merchant, claim=claim, image=PIXEL, created_at=timezone.now()
        )
    return Scene(
        merchant, order, parcel, sent, failed, parked, item, job, tab, case, closed, photo, watched, segment,
        campaign, withdrawal, refund, claim, evidence, ret, picture,
    )  # fmt: skip


def a_return(merchant: Merchant, order: Order, **fields: Any) -> tuple[Return, ReturnPhoto]:
    """A return to decide, with a photo, in the open scope, without facts."""
    now = timezone.now()
    values: dict[str, Any] = {
        "sequence": 1, "number": f"R-{order.number[-5:]}-1", "requested_by": "shopper", "currency": "EUR",
        "email": order.email, "customer_id": order.customer_id, "method": "own", "requested_at": now,
        "updated_at": now, **fields,
    }  # fmt: skip
    ret: Return = Return.objects.create(merchant=merchant, order=order, **values)
    line = ReturnLine.objects.create(
        merchant=merchant, ret=ret, line=order.lines.first(), quantity=1, reason="too_small",
        resolution="refund", paid=89,
    )  # fmt: skip
    entry = ReturnEntry.objects.create(
        merchant=merchant, ret=ret, kind="requested", side="shopper", text="Runs small.", created_at=now
    )
    photo = ReturnPhoto.objects.create(
        merchant=merchant, ret=ret, entry=entry, line=line, image=PIXEL, created_at=now
    )
    return ret, photo


def a_claim(merchant: Merchant, parcel: Shipment, **fields: Any) -> Claim:
    """A claim to decide, in the open scope, without facts."""
    now = timezone.now()
    values: dict[str, Any] = {
        "number": f"C-{parcel.number}", "kind": "damaged", "status": "open", "wanted": "refund", "value": 89,
        "currency": "EUR", "created_at": now, "updated_at": now, **fields,
    }  # fmt: skip
    claim: Claim = Claim.objects.create(
        merchant=merchant, order_id=parcel.order_id, shipment=parcel, **values
    )
    ClaimEntry.objects.create(
        merchant=merchant, claim=claim, kind="open", side="shopper", text="It is broken.", created_at=now
    )
    return claim


def a_refund(merchant: Merchant, order: Order) -> Refund:
    """A refund that waits for the shop, in the open scope, without facts and with nothing set aside."""
    refund: Refund = Refund.objects.create(
        merchant=merchant, order=order, state="requested", amount=10, currency="EUR", source_kind="order",
        key="scene", reason="Goodwill", requested_at=timezone.now(),
    )  # fmt: skip
    return refund


def a_withdrawal(merchant: Merchant, order: Order, **fields: Any) -> Withdrawal:
    """A withdrawal whose order has to be found, in the open scope, without facts."""
    now = timezone.now()
    values: dict[str, Any] = {
        "number": f"W-{order.number[-5:]}", "receipt_digest": uuid7().bytes * 2, "source": "form", "declared_at": now,
        "name": "Anna Weber", "contract": "the sweater", "email": "anna@example.test", "marks": ["often"],
        "status": "unmatched", "refund_due_at": now + timedelta(days=14), "created_at": now, "updated_at": now,
        **fields,
    }  # fmt: skip
    withdrawal: Withdrawal = Withdrawal.objects.create(merchant=merchant, **values)
    with transaction.atomic():  # a browser's test is in none
        append(withdrawal, "declared", {"number": withdrawal.number})
    return withdrawal


def a_segment(merchant: Merchant, name: str = "Sweater friends") -> Segment:
    """A segment of two conditions, in the open scope."""
    now = timezone.now()
    rule = {
        "match": "all",
        "conditions": [{"kind": "orders.at_least", "value": "1"}, {"kind": "country.is", "value": "DE, AT"}],
    }
    return Segment.objects.create(merchant=merchant, name=name, rule=rule, created_at=now, updated_at=now)


def a_watch_item(merchant: Merchant, parcel: Shipment, **fields: Any) -> WatchItem:
    """An item about a parcel, in the open scope, without facts."""
    now = timezone.now()
    values: dict[str, Any] = {
        "reason": "stalled", "since": now - timedelta(days=4), "opened_at": now - timedelta(hours=1), "value": 89,
        "currency": "EUR", **fields,
    }  # fmt: skip
    return WatchItem.objects.create(merchant=merchant, order_id=parcel.order_id, shipment=parcel, **values)


def a_case(merchant: Merchant, order: Order, **fields: Any) -> Case:
    """A case about an order, in the open scope, without facts."""
    now = timezone.now()
    case = Case.objects.create(
        merchant=merchant, order=order, created_at=now, opened_at=now, updated_at=now, **fields
    )
    CaseEntry.objects.create(
        merchant=merchant, case=case, kind="opened", side="shopper", text="It is broken.", created_at=now
    )
    return case


def message(merchant: Merchant, order: Order, **fields: Any) -> Message:
    """A message about an order, in the open scope."""
    values: dict[str, Any] = {
        "touchpoint": "shipment_shipped", "message_class": "transactional", "channel": "email",
        "recipient": order.email, "locale": "en", "once_key": uuid7().bytes * 2, "message_id": "<one@nordwind.test>",
        "fact_type": "shipment.shipped", "fact_position": 3, "planned_at": timezone.now(), **fields,
    }  # fmt: skip
    return Message.objects.create(merchant=merchant, order=order, **values)


def parked_fact(merchant: Merchant, order: Order, *, position: int) -> ParkedFact:
    """A fact that a reader failed on, to be tried in an hour."""
    now = timezone.now()
    return ParkedFact.objects.create(
        merchant=merchant, subscriber="notifications.messages", position=position, type="order.placed",
        order_id=order.id, error="Traceback\n  File x\nValueError: no such window", parked_at=now,
        due_at=now + timedelta(hours=1), attempts=2,
    )  # fmt: skip


def failed_item(merchant: Merchant, external_id: str) -> InboxItem:
    """A webhook that was given up."""
    return InboxItem.objects.create(
        merchant=merchant, source="shopify", external_id=external_id, topic="orders/create", body=b"{}",
        state="failed", error="Order 5551 is not known.", received_at=timezone.now(), attempts=12,
    )  # fmt: skip


def many_orders(merchant: Merchant, count: int, **fields: Any) -> None:
    """Copies of one order and its parcel, placed a minute apart in pairs (two at each instant)."""
    order = factories.order(merchant, **fields)
    parcel = factories.shipment(merchant, order)
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'orders_order'")
        columns = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'tracking_shipment'"
        )
        parcel_columns = {name for (name,) in cursor.fetchall()}
        new = {
            "id": "gen_random_uuid()", "external_id": "'copy' || n", "number": "'#' || 900000 + n",
            "link_digest": "sha256(n::text::bytea)", "placed_at": "placed_at - (n / 2) * interval '1 minute'",
        }  # fmt: skip
        same = sorted(columns - set(new))
        cursor.execute(
            f"INSERT INTO orders_order ({', '.join([*new, *same])}) SELECT {', '.join([*new.values(), *same])}"
            " FROM orders_order, generate_series(1, %s) AS n WHERE id = %s",
            [count - 1, order.id],
        )
        theirs = {"id": "gen_random_uuid()", "order_id": "o.id"}
        same = sorted(parcel_columns - set(theirs))
        cursor.execute(
            f"INSERT INTO tracking_shipment ({', '.join([*theirs, *same])})"
            f" SELECT {', '.join([*theirs.values(), *(f's.{name}' for name in same)])} FROM tracking_shipment s,"
            " orders_order o WHERE s.id = %s AND o.external_id LIKE 'copy%%' AND o.merchant_id = s.merchant_id",
            [parcel.id],
        )
