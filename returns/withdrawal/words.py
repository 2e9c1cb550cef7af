"""Withdrawals in words, for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATUSES: dict[str, Promise] = {
    "unmatched": _("Order to be found"),
    "open": _("To refund"),
    "completed": _("Refunded"),
    "set_aside": _("Set aside"),
}
FINDINGS: dict[str, Promise] = {
    "in_time": _("Declared in time."),
    "late": _("Declared after the window as we know it. Check before you decide."),
    "cancelled": _("The order was cancelled before: there is nothing to refund."),
    "country": _("The order went to a country for which your shop does not offer the right."),
    "business": _("The order is tagged as one of a business."),
    "exempt": _("All of these goods are flagged as exempt from the right."),
}
MARKS: dict[str, Promise] = {
    "trap": _("A field that people do not see was filled in."),
    "fast": _("The form came back within three seconds."),
    "foreign": _("The form came from another page."),
    "often": _("More than five came from this network within the hour."),
    "flood": _(
        "More than five named this e-mail address within the hour: no receipt was mailed for this one."
    ),
}
SOURCES: dict[str, Promise] = {
    "link": _("By the order’s link"),
    "form": _("By the form"),
    "api": _("By API"),
    "team": _("Entered by the team"),
}
LINKS: dict[str, Promise] = {
    "declared": _("Declared"),
    "matched": _("The order was found"),
    "set_aside": _("Set aside"),
    "taken_up": _("Taken up again"),
    "goods_back": _("The goods are back"),
    "dispatched": _("The customer proved that the goods were sent"),
    "refund": _("The refund was asked for"),
    "completed": _("Refunded"),
}
