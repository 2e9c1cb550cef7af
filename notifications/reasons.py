"""Why a message was not sent: codes that stay, and the sentence that people read."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """`Message.reason`. Part of the public API: add, never rename."""

    # Skipped: it was decided not to send it.
    TOO_OLD = "too_old", _("It had happened more than 48 hours before we could tell.")
    NO_ADDRESS = "no_address", _("The order has no address to write to.")
    NO_COUNTRY = (
        "no_country",
        _("The telephone number names no country. It has to begin with + and the country's code, as +49."),
    )
    CAMPAIGN_CANCELLED = "campaign_cancelled", _("The campaign was ended before the message went out.")
    NOBODY = "nobody", _("The order or customer that it was about does not exist any more.")
    NO_DEVICE = (
        "no_device",
        _("The shopper has not asked for notifications on a device, or has ended them."),
    )
    NO_CONSENT = "no_consent", _("The shopper did not agree to text messages.")
    NO_BASIS = "no_basis", _("The shopper did not agree to messages of this kind, and the law asks for it.")
    UNCONFIRMED = "unconfirmed", _("The shopper agreed, but has not confirmed it from the mailbox yet.")
    UNSUBSCRIBED = "unsubscribed", _("The shopper does not want messages of this kind.")
    QUIET = "quiet", _("The quiet hours leave no time of the day at which it could go out.")
    CAPPED = "capped", _("The shopper had as many messages of this kind as your shop allows in that time.")
    # Something is wrong for this shopper: nobody asks them for a review, or offers them something, meanwhile.
    CASE_OPEN = "case_open", _("The shopper has an open question or problem.")
    CLAIM_OPEN = "claim_open", _("The shopper has an open claim.")
    RETURN_OPEN = "return_open", _("The shopper has a return or withdrawal that is not settled.")
    PARCEL_LATE = "parcel_late", _("A parcel of the shopper is late or in trouble.")
    TROUBLED_ORDER = "troubled_order", _("An order of the shopper was cancelled or refunded just now.")
    COMPLAINED = "complained", _("The shopper reported a message as spam, or a message came back, just now.")
    ALREADY_REVIEWED = "already_reviewed", _("The shopper has reviewed this already.")
    ORDER_CANCELLED = "order_cancelled", _("The order was cancelled before the message went out.")
    SHIPMENT_CANCELLED = "shipment_cancelled", _("The parcel was cancelled before the message went out.")
    SHIPMENT_GONE = "shipment_gone", _("The parcel does not exist any more.")
    OVERTAKEN = "overtaken", _("By the time it could go out, it was not true any more.")
    SUPPRESSED = (
        "suppressed",
        _("The address is on the suppression list: it bounced, complained or was closed."),
    )
    STOPPED = "stopped", _("This telephone answered STOP.")
    SWITCHED_OFF = (
        "switched_off",
        _("Your shop does not send this kind of message, or not over this channel."),
    )
    CONDITION = "condition", _("The order does not meet the conditions of this message.")
    REACTED = "reacted", _("No reminder was needed: the first message was opened, clicked or acted upon.")
    NO_PAGE = (
        "no_page",
        _("Your shop has not said yet on which page shoppers answer: Settings › Message rules."),
    )
    CHANNEL_OFF = "channel_off", _("This channel is not set up.")
    SANDBOX = "sandbox", _("This is a sandbox: it was written, and sent to nobody.")
    HOLDOUT = (
        "holdout",
        _("This shopper is in the holdout: the few who do not get it, so that its effect can be measured."),
    )
    FLOOD = (
        "flood",
        _("The address had five receipts within the hour. The page of the receipt shows this one."),
    )
    # Failed: it should have gone out and did not, as far as we know.
    PROVIDER_ERROR = "provider_error", _("The provider could not take it, however often we tried.")
    REFUSED = "refused", _("The provider refused it for good.")
    RECIPIENT_REFUSED = "recipient_refused", _("The provider does not deliver to this address.")
    INVALID_ADDRESS = "invalid_address", _("This is not an address that a message can be sent to.")
    INTERNAL_ERROR = "internal_error", _("Something went wrong on our side, however often we tried.")
    TEMPLATE_ERROR = "template_error", _("The template could not be filled.")
    IN_DOUBT = (
        "in_doubt",
        _("It may have gone out, but we were interrupted before we knew. It is not repeated by itself."),
    )


def sentence(code: str) -> str:
    """The reason as a sentence in the active language; the code itself when it is unknown, "" for none."""
    return str(Reason(code).label) if code in Reason.values else code
