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
    "address_changed": _("When the address of an order is changed"),
    "return_requested": _("When a return is asked for"),
    "return_approved": _("When a return is approved"),
    "return_label": _("When the label of a return is ready"),
    "return_moved": _("When a return is on its way, and when it has arrived"),
    "return_question": _("When your team asks about a return"),
    "return_rejected": _("When a return is refused"),
    "return_expiring": _("Some days before a return can no longer be sent"),
    "return_ended": _("When a return is cancelled, or was not sent in time"),
    "exchange_payment": _("When the difference of an exchange can be paid"),
    "exchange_moved": _("When the goods of an exchange may leave, or it becomes a refund"),
    "refund_moved": _("When a refund is on its way, and when it is confirmed"),
    "credit_given": _("When store credit is given"),
    "claim_opened": _("When a claim is opened"),
    "claim_needs_more": _("When your team asks about a claim"),
    "claim_decided": _("When a claim is approved or declined"),
    "withdrawal_receipt": _("At once when a withdrawal is declared"),
    "withdrawal_notice": _("When a withdrawal is declared: to your team"),
    "order_delayed": _("When your team writes about an order that is late"),
    "shipment_silent": _("When your team writes about a parcel that nobody hears of"),
    "double_opt_in": _("When somebody signs up and has to confirm it"),
}
