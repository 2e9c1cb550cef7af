"""What the team reads about the places and kinds of messages."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PLACES: dict[str, Promise] = {
    "subject": _("Subject"),
    "preheader": _("Preview line in the inbox"),
    "eyebrow": _("Small line above the heading"),
    "heading": _("Heading"),
    "greeting": _("Greeting"),
    "lead": _("Text"),
    "case_title": _("Heading of the report"),
    "next_title": _("Heading of what happens next"),
    "next": _("What happens next"),
    "button": _("Button"),
    "sms": _("Text message"),
    "push": _("Notification on a device"),
}

VARIANTS: dict[str, Promise] = {
    "": _("In general"),
    "address": _("Address needed"),
    "payment": _("Payment due"),
    "customs": _("At customs"),
    "pickup": _("Ready for pick-up"),
    "pickup_missed": _("Not collected"),
    "attempt": _("Nobody met"),
    "held": _("Held up"),
    "lost": _("Lost"),
    "damaged": _("Damaged"),
    "returning": _("Coming back"),
}

# When each message goes out.
MOMENTS: dict[str, Promise] = {
    "order_confirmation": _("When an order is placed"),
    "order_cancelled": _("When an order is cancelled"),
    "shipment_shipped": _("When a parcel is handed over, each of several"),
    "shipment_out_for_delivery": _("When a parcel is on the delivery vehicle"),
    "shipment_delivered": _("When a parcel has arrived"),
    "shipment_delayed": _("When a parcel will come on a later day than it was told"),
    "shipment_exception": _("When a parcel needs the shopper, or something is wrong with it"),
    "lookup_link": _("When a shopper asks for the link to their order"),
    "case_opened": _("When a shopper reports a problem"),
    "case_answered": _("When your team answers a report"),
}
