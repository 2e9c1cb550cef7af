"""What the team reads for our codes. A code without words here shows as itself, so nothing new is hidden."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import CaseStatus
from merchants.permissions import Permission
from notifications.models import Channel, EventKind, MessageState, Outcome
from orders.models import Stage
from returns.claims import words as claim_words
from returns.withdrawal import words as withdrawal_words
from tracking.statuses import Status


class Label(NamedTuple):
    """Words with the tone that they are shown in: ok, warn, bad, info or quiet."""

    text: str | Promise
    tone: str = "quiet"


STAGES: dict[str, Label] = {
    Stage.TO_SHIP: Label(_("To ship")),
    Stage.PARTLY_SHIPPED: Label(_("Partly shipped"), "info"),
    Stage.IN_TRANSIT: Label(_("In transit"), "info"),
    Stage.ATTENTION: Label(_("Needs attention"), "bad"),
    Stage.DELIVERED: Label(_("Delivered"), "ok"),
    Stage.CANCELLED: Label(_("Cancelled")),
}

STATUSES: dict[str, Label] = {
    Status.PENDING: Label(_("Waiting for first scan")),
    Status.INFO_RECEIVED: Label(_("Announced to carrier")),
    Status.IN_TRANSIT: Label(_("In transit"), "info"),
    Status.OUT_FOR_DELIVERY: Label(_("Out for delivery"), "info"),
    Status.ATTEMPT_FAILED: Label(_("Delivery attempt failed"), "warn"),
    Status.AVAILABLE_FOR_PICKUP: Label(_("Ready for pick-up"), "warn"),
    Status.DELIVERED: Label(_("Delivered"), "ok"),
    Status.EXCEPTION: Label(_("Problem"), "bad"),
    Status.RETURNING: Label(_("On its way back"), "bad"),
    Status.RETURNED: Label(_("Back at the sender"), "bad"),
    Status.CANCELLED: Label(_("Cancelled")),
    Status.EXPIRED: Label(_("No news for long"), "warn"),
}

SUBSTATUSES: dict[str, Promise] = {
    "info.label_created": _("Label printed"),
    "info.awaiting_handover": _("The carrier waits for the parcel"),
    "transit.picked_up": _("Picked up"),
    "transit.accepted": _("Accepted by the carrier"),
    "transit.arrival": _("Arrived at a depot"),
    "transit.departure": _("Left a depot"),
    "transit.origin_received": _("At the first depot"),
    "transit.destination_received": _("At the last depot"),
    "transit.customs_started": _("In customs"),
    "transit.customs_cleared": _("Through customs"),
    "transit.destination_country": _("In the destination country"),
    "transit.handed_to_last_mile": _("Handed to the local carrier"),
    "transit.forwarded": _("Forwarded"),
    "transit.resumed": _("On its way again"),
    "ofd.on_vehicle": _("On the delivery vehicle"),
    "ofd.contacted": _("The carrier contacted the customer"),
    "attempt.no_one": _("Nobody was there"),
    "attempt.business_closed": _("The business was closed"),
    "attempt.no_access": _("No access to the door"),
    "attempt.identity": _("No proof of identity"),
    "pickup.ready": _("Ready at the pick-up point"),
    "pickup.reminder": _("Still at the pick-up point"),
    "pickup.deadline": _("Last days at the pick-up point"),
    "delivered.recipient": _("Handed to the recipient"),
    "delivered.signed": _("Signed for"),
    "delivered.neighbour": _("Left with a neighbour"),
    "delivered.safe_place": _("Left in a safe place"),
    "delivered.pickup_collected": _("Collected from the pick-up point"),
    "delivered.cod": _("Delivered against payment"),
    "exception.delay_carrier": _("Delayed by the carrier"),
    "exception.delay_weather": _("Delayed by the weather"),
    "exception.delay_customs": _("Delayed in customs"),
    "exception.documents": _("Papers are missing"),
    "exception.refused": _("Refused by the recipient"),
    "exception.pickup_missed": _("Not collected in time"),
    "exception.missorted": _("Sent the wrong way"),
    "exception.damaged": _("Damaged"),
    "exception.lost": _("Lost"),
    "exception.held": _("Held by the carrier"),
    "exception.rejected_by_carrier": _("Rejected by the carrier"),
    "exception.payment_due": _("A payment is due"),
    "exception.address": _("The address is wrong or incomplete"),
    "exception.moved": _("The recipient has moved"),
    "exception.disposed": _("Disposed of"),
}

MESSAGE_STATES: dict[str, Label] = {
    MessageState.PLANNED: Label(_("Planned"), "info"),
    MessageState.SENDING: Label(_("Being sent"), "info"),
    MessageState.SENT: Label(_("Sent"), "ok"),
    MessageState.FAILED: Label(_("Failed"), "bad"),
    MessageState.SKIPPED: Label(_("Not sent")),
}

# What became of a sent message, where its provider told.
OUTCOMES: dict[str, Label] = {
    Outcome.DELIVERED: Label(_("Delivered"), "ok"),
    Outcome.UNDELIVERED: Label(_("Came back"), "bad"),
    Outcome.COMPLAINED: Label(_("Reported as spam"), "bad"),
}
MESSAGE_EVENTS: dict[str, Promise] = {
    EventKind.DELIVERED: _("Delivered"),
    EventKind.DEFERRED: _("Put off by the receiving server"),
    EventKind.BOUNCED: _("Came back"),
    EventKind.REJECTED: _("Refused by the provider"),
    EventKind.FAILED: _("Failed at the provider"),
    EventKind.COMPLAINED: _("Reported as spam"),
    EventKind.UNSUBSCRIBED: _("Unsubscribed at the mail provider"),
    EventKind.OPENED: _("Opened"),
    EventKind.CLICKED: _("A link was followed"),
}

CHANNELS: dict[str, Promise] = {
    Channel.EMAIL: _("E-mail"), Channel.SMS: _("SMS"), Channel.PUSH: _("Notification"),
    Channel.WEBHOOK: _("Webhook"), Channel.KLAVIYO: _("Klaviyo"),
}  # fmt: skip

TOUCHPOINTS: dict[str, Promise] = {
    "order_confirmation": _("Order confirmation"),
    "order_cancelled": _("Order cancelled"),
    "shipment_shipped": _("Shipped"),
    "shipment_out_for_delivery": _("Out for delivery"),
    "shipment_delivered": _("Delivered"),
    "shipment_delayed": _("Delayed"),
    "shipment_exception": _("Problem with a parcel"),
    "order_delayed": _("Order leaves later"),
    "shipment_silent": _("Parcel without news"),
    "lookup_link": _("Link to the order"),
    "address_changed": _("Address changed"),
    "case_opened": _("Report received"),
    "case_answered": _("Answer to a report"),
    "care_guide": _("Guides and care"),
    "replenishment": _("Time for more"),
    "complement": _("What goes with it"),
    "order_changed": _("Order changed"),
    "review_request": _("Request for a review"),
    "survey_delivery": _("Survey after delivery (CSAT)"),
    "survey_shop": _("Survey about the shop (NPS)"),
    "survey_return": _("Survey after a return (CES)"),
    "survey_support": _("Survey after an answer (CES)"),
    "welcome": _("Welcome"),
    "double_opt_in": _("Consent: please confirm"),
    "birthday": _("Birthday"),
    "win_back": _("We miss you"),
    "claim_opened": _("Claim opened"),
    "claim_needs_more": _("Question about a claim"),
    "claim_decided": _("Claim decided"),
    "return_requested": _("Return asked for"),
    "return_approved": _("Return approved"),
    "return_label": _("Return label ready"),
    "return_moved": _("Return on its way or received"),
    "return_question": _("Question about a return"),
    "return_rejected": _("Return not approved"),
    "return_expiring": _("Return: few days left"),
    "return_ended": _("Return cancelled or too late"),
    "exchange_payment": _("Exchange: payment wanted"),
    "exchange_moved": _("Exchange sent or not possible"),
    "refund_moved": _("Refund"),
    "credit_given": _("Store credit given"),
    "campaign": _("Campaign"),
    "withdrawal_receipt": _("Receipt of a withdrawal"),
    "withdrawal_notice": _("Word to you of a withdrawal"),
}

CASE_STATUSES: dict[str, Label] = {
    CaseStatus.WAITING: Label(_("Waits a day"), "quiet"),
    CaseStatus.OPEN: Label(_("To answer"), "bad"),
    CaseStatus.ANSWERED: Label(_("Answered"), "info"),
    CaseStatus.CLOSED: Label(_("Closed"), "ok"),
}

WITHDRAWAL_STATUSES: dict[str, Label] = {
    "unmatched": Label(withdrawal_words.STATUSES["unmatched"], "warn"),
    "open": Label(withdrawal_words.STATUSES["open"], "bad"),
    "completed": Label(withdrawal_words.STATUSES["completed"], "ok"),
    "set_aside": Label(withdrawal_words.STATUSES["set_aside"], "quiet"),
}

CLAIM_STATUSES: dict[str, Label] = {
    "parked": Label(claim_words.STATUSES["parked"], "quiet"),
    "open": Label(claim_words.STATUSES["open"], "bad"),
    "needs_more": Label(claim_words.STATUSES["needs_more"], "warn"),
    "paused": Label(claim_words.STATUSES["paused"], "info"),
    "approved": Label(claim_words.STATUSES["approved"], "ok"),
    "declined": Label(claim_words.STATUSES["declined"], "quiet"),
    "closed": Label(claim_words.STATUSES["closed"], "quiet"),
}

# Who did what in a case: (kind, side).
CASE_ENTRIES: dict[tuple[str, str], Label] = {
    ("waiting", "shopper"): Label(_("The customer misses the parcel and waits a day"), "warn"),
    ("opened", "shopper"): Label(_("The customer reported it"), "bad"),
    ("opened", "system"): Label(_("The day is over: opened by itself"), "bad"),
    ("opened", "team"): Label(_("Opened by the team"), "bad"),
    ("message", "shopper"): Label(_("The customer wrote"), "warn"),
    ("answer", "team"): Label(_("Answer"), "info"),
    ("closed", "team"): Label(_("Closed by the team"), "ok"),
    ("closed", "shopper"): Label(_("Closed by the customer"), "ok"),
    ("reopened", "team"): Label(_("Taken up again"), "warn"),
}

AUDIT: dict[str, Label] = {
    "order.cancelled": Label(_("Cancelled by")),
    "order.address_changed": Label(_("Address changed by")),
    "order.link_renewed": Label(_("New link made by")),
    "order.tagged": Label(_("Tags changed by")),
}

ROLES: dict[str, Promise] = {
    "owner": _("Owner"),
    "manager": _("Manager"),
    "support": _("Support"),
    "analyst": _("Analyst (reads only)"),
    "warehouse": _("Warehouse (reads only)"),
}


# In the order of the matrix on the team page.
WISHES: dict[str, Promise] = {
    "": _("taken back"),
    "safe_place": _("Safe place"),
    "neighbour": _("Neighbour"),
    "pickup_point": _("Pick-up point"),
    "other_day": _("Another day"),
}

PERMISSIONS: dict[Permission, Promise] = {
    Permission.READ: _("Look at everything"),
    Permission.ACT: _("Daily work: cancel, try again, renew links"),
    Permission.DATA: _("Import and export"),
    Permission.SETTINGS: _("Settings, keys, connections"),
    Permission.TEAM: _("Team and audit log"),
}


def spoken(of: dict[str, Label]) -> dict[str, Label]:
    """The words in the page's language, each translated once: for the rows of a long list."""
    return {code: Label(str(text), tone) for code, (text, tone) in of.items()}


def label(of: dict[str, Label], code: str) -> Label:
    """The words for a code, or the code itself."""
    return of.get(code) or Label(code)
