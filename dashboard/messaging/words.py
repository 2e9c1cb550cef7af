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
    "order_changed": _("When your shop changes the items of an order"),
    "address_changed": _("When the address of an order is changed"),
    "order_delayed": _("When your team sends it: not shipped in time"),
    "shipment_silent": _("When your team sends it: no news of a parcel"),
    "claim_opened": _("When a shopper claims for a protected parcel"),
    "claim_needs_more": _("When your team needs more for a claim"),
    "claim_decided": _("When a claim is approved or declined"),
    "return_requested": _("When a shopper asks for a return"),
    "return_approved": _("When a return is approved"),
    "return_label": _("When the label of a return is there"),
    "return_moved": _("When a return is on its way, and when it arrives"),
    "return_question": _("When your team asks something about a return"),
    "return_rejected": _("When a return is not approved"),
    "return_expiring": _("When the days to send a return run out"),
    "return_ended": _("When a return is cancelled, or was not sent in time"),
    "exchange_payment": _("When an exchange costs more and can be paid"),
    "exchange_moved": _("When an exchange is sent, or cannot be"),
    "refund_moved": _("When a refund for a return is started, and when it is done"),
    "credit_given": _("When store credit is given for a return"),
    "withdrawal_receipt": _("When somebody withdraws from a contract"),
    "withdrawal_notice": _("When somebody withdraws from a contract: to your shop"),
    "care_guide": _("So many days after a delivery, by product"),
    "replenishment": _("Five days before a product should be used up"),
    "complement": _("After a delivery: what goes with it"),
    "welcome": _("After the first order"),
    "birthday": _("On the customer's birthday"),
    "win_back": _("When a customer's next order is overdue"),
    "review_request": _(
        "After all of an order has arrived, or as long as you say for its products"
    ),
    "survey_delivery": _("After all of an order has arrived"),
    "survey_shop": _("After an order has arrived, once a year"),
    "survey_return": _("After a return is settled"),
    "survey_support": _("After a case was solved"),
    "campaign": _("When you send a campaign"),
    "double_opt_in": _("When somebody is asked to confirm their consent"),
}
