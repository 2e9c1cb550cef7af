"""What cases are called, for shoppers and for the team."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import CaseKind, Outcome

KINDS: dict[str, Promise] = {
    CaseKind.NOT_RECEIVED: _("Parcel not received"),
    CaseKind.DAMAGED: _("Damaged item"),
    CaseKind.MISSING_ITEM: _("Missing item"),
    CaseKind.WRONG_ITEM: _("Wrong item"),
}

OUTCOMES: dict[str, Promise] = {
    Outcome.SOLVED: _("Solved"),
    Outcome.FOUND: _("It turned up"),
}
