"""What the team's pages call the states of a return and what happened to it."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard.words import Label
from returns.states import Condition, Disposition

# What is not asked for by the shop's own rules.
KINDS: Final[dict[str, Label]] = {
    "withdrawal": Label(_("Withdrawal"), "info"),
    "warranty": Label(_("Defect"), "warn"),
}
WITHDRAWALS_MONEY: Final = Label(_("Money by the withdrawal"), "quiet")
APPROVALS: Final[dict[str, Label]] = {
    "requested": Label(_("To decide"), "bad"),
    "review": Label(_("Look closely"), "bad"),
    "asked": Label(_("Waits for the customer"), "warn"),
    "approved": Label(_("Approved"), "ok"),
    "rejected": Label(_("Refused"), "quiet"),
    "cancelled": Label(_("Cancelled"), "quiet"),
}
LOGISTICS: Final[dict[str, Label]] = {
    "none": Label(_("Nothing is sent"), "quiet"),
    "awaiting": Label(_("To be sent"), "info"),
    "label_created": Label(_("Label made"), "info"),
    "in_transit": Label(_("On its way back"), "info"),
    "partly_received": Label(_("Partly here"), "warn"),
    "received": Label(_("Here, to inspect"), "warn"),
    "inspected": Label(_("Inspected"), "ok"),
    "expired": Label(_("Never sent"), "quiet"),
}
MONEY: Final[dict[str, Label]] = {
    "none": Label(_("No money yet"), "quiet"),
    "awaiting_payment": Label(_("Customer has to pay"), "warn"),
    "due": Label(_("Money is due"), "warn"),
    "pending": Label(_("Asked of the shop"), "info"),
    "partly_done": Label(_("Partly settled"), "info"),
    "done": Label(_("Settled"), "ok"),
    "failed": Label(_("Money failed"), "bad"),
}
ENTRIES: Final[dict[str, Label]] = {
    "requested": Label(_("Return asked for"), "info"),
    "review": Label(_("Kept for a closer look"), "warn"),
    "approved": Label(_("Approved"), "ok"),
    "rejected": Label(_("Refused"), "bad"),
    "asked": Label(_("The customer was asked"), "warn"),
    "replied": Label(_("The customer answered"), "info"),
    "cancelled": Label(_("Cancelled"), "quiet"),
    "label": Label(_("Parcel noted"), "info"),
    "sent": Label(_("Sent"), "info"),
    "received": Label(_("Received"), "info"),
    "inspected": Label(_("Inspected"), "ok"),
    "restocked": Label(_("Put back into stock"), "info"),
    "expired": Label(_("Time is over"), "quiet"),
    "money": Label(_("Money"), "ok"),
    "exchange": Label(_("Exchange"), "info"),
    "note": Label(_("Note"), "quiet"),
    "resolved": Label(_("Closed"), "ok"),
}
CONDITIONS: Final[dict[str, Promise]] = {
    Condition.GOOD: _("Good"),
    Condition.OPENED: _("Opened"),
    Condition.USED: _("Used"),
    Condition.DAMAGED: _("Damaged"),
    Condition.DEFECTIVE: _("Defective"),
    Condition.WRONG: _("Another item"),
    Condition.MISSING: _("Not in the parcel"),
}
DISPOSITIONS: Final[dict[str, Promise]] = {
    Disposition.RESTOCK: _("Back into stock"),
    Disposition.REFURBISH: _("Refurbish"),
    Disposition.DONATE: _("Donate"),
    Disposition.DESTROY: _("Destroy"),
    Disposition.SEND_BACK: _("Send back to the customer"),
    Disposition.QUARANTINE: _("Keep apart"),
}
