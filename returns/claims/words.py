"""Claims in words, for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Promise] = {
    "lost": _("Parcel lost"),
    "stolen": _("Delivered, not received"),
    "damaged": _("Arrived damaged"),
}
STATUSES: dict[str, Promise] = {
    "parked": _("Too early"),
    "open": _("To decide"),
    "needs_more": _("Waits for the customer"),
    "paused": _("Parcel moves again"),
    "approved": _("Approved"),
    "declined": _("Declined"),
    "closed": _("Closed"),
}
RESOLUTIONS: dict[str, Promise] = {
    "refund": _("Refund"),
    "reship": _("Send it again"),
    "credit": _("Store credit"),
}
EXCLUSIONS: dict[str, Promise] = {
    "returned_to_sender": _("The parcel went back to the sender"),
    "chargeback": _("The payment was disputed"),
    "fulfilment_error": _("An error of the shop, not of the carrier"),
    "defect": _("The item was so before"),
    "contraband": _("Goods that must not be sent"),
    "not_covered": _("Not covered"),
    "too_late": _("Claimed too late"),
    "other": _("Another reason"),
}
ENTRIES: dict[str, Promise] = {
    "parked": _("Claim made; it opens by itself"),
    "open": _("Claim opened"),
    "needs_more": _("Question asked"),
    "message": _("The customer wrote"),
    "paused": _("Paused: the parcel moves again"),
    "approved": _("Approved"),
    "declined": _("Declined"),
    "closed": _("Closed after ten days of silence"),
}
