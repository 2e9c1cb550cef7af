"""The shopper's page about a case: what was said, whose turn it is, and a way to say more."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.models import Case, CaseEntry, CaseKind, CaseStatus, Outcome
from cases.queries import entries_of
from cases.steps import LONGEST_TEXT, MOST_PHOTOS
from merchants.ids import public_id
from portal.loading import OrderRow
from portal.problem_form import Typed
from portal.problems import BY_KIND, sentence_of
from portal.site import Site
from portal.style import Style
from portal.wording import Tone

_CHIPS: dict[str, tuple[Promise, Tone]] = {
    CaseStatus.WAITING: (gettext_lazy("Waiting until tomorrow"), "quiet"),
    CaseStatus.OPEN: (gettext_lazy("We’re on it"), "info"),
    CaseStatus.ANSWERED: (gettext_lazy("Answered"), "ok"),
    CaseStatus.CLOSED: (gettext_lazy("Closed"), "quiet"),
}
_SAID: dict[tuple[str, str], Promise] = {
    ("waiting", "shopper"): gettext_lazy("You wait one more day"),
    ("opened", "shopper"): gettext_lazy("You reported the problem"),
    ("opened", "system"): gettext_lazy("The day is over: we look into it now"),
    ("opened", "team"): gettext_lazy("We opened this report"),
    ("message", "shopper"): gettext_lazy("You wrote"),
    ("answer", "team"): gettext_lazy("We answered"),
    ("closed", "team"): gettext_lazy("We closed this report"),
    ("closed", "shopper"): gettext_lazy("You closed this report"),
    ("reopened", "team"): gettext_lazy("We took this report up again"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the history."""

    name: Promise | str
    when: str
    when_iso: str
    text: str
    photos: tuple[str, ...]
    is_ours: bool


def case_context(site: Site, order: OrderRow, token: str, case: Case, typed: Typed) -> dict[str, Any]:
    """What `portal/case.html` shows."""
    style = Style.of(site, order, timezone.now())
    base = site.path(f"o/{token}/cases/{public_id('cas', case.id)}/")
    chip, tone = _CHIPS[case.status]
    parcel = next((p for p in order.parcels if p.id == case.shipment_id), None)
    return {
        "title": BY_KIND[case.kind].name,
        "order_number": order.number,
        "case": case,
        "chip": chip,
        "tone": tone,
        "sentence": _ended(case) if case.status == CaseStatus.CLOSED
        else sentence_of(case.status, case.answer_by, case.due_at, style),
        "goods": [f"{row.quantity} × {row.line.title}" for row in case.lines.all()],
        "history": [_said(site, token, case, entry, style) for entry in entries_of(case)],
        "typed": typed,
        "longest": LONGEST_TEXT,
        "most_photos": MOST_PHOTOS,
        "action": base,
        "close_action": site.path(f"o/{token}/cases/{public_id('cas', case.id)}/close/"),
        "is_closed": case.status == CaseStatus.CLOSED,
        "is_waiting": case.status == CaseStatus.WAITING,
        "about_parcel": case.kind == CaseKind.NOT_RECEIVED,
        "back_url": site.path(f"t/{token}/{parcel.number}/" if parcel else f"t/{token}/"),
    }  # fmt: skip


def _ended(case: Case) -> str:
    if case.outcome == Outcome.FOUND:
        return _("Your parcel turned up. Good to hear!")
    return _("This report is closed. Not settled? Write to us below, and we take it up again.")


def _said(site: Site, token: str, case: Case, entry: CaseEntry, style: Style) -> Said:
    photos = f"o/{token}/cases/{public_id('cas', case.id)}/photos/"
    return Said(
        name=_SAID.get((entry.kind, entry.side), entry.kind),
        when=style.day_and_time(entry.created_at),
        when_iso=style.iso(entry.created_at),
        text=entry.text,
        photos=tuple(site.path(f"{photos}{public_id('cph', photo.id)}/") for photo in entry.photos.all()),
        is_ours=entry.side == "team",
    )
