"""What the pages of a claim show: the form with its promise, and how the claim stands."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.steps import LONGEST_TEXT, MOST_PHOTOS
from merchants.ids import public_id
from portal.goods import choices_of
from portal.loading import OrderRow, ParcelRow
from portal.problem_form import Typed
from portal.site import Site
from portal.style import Style
from portal.wording import Tone
from returns.claims.models import Claim, ClaimEntry, Resolution, Status
from returns.claims.words import EXCLUSIONS, KINDS, RESOLUTIONS

_TONES: dict[str, Tone] = {"approved": "ok", "declined": "quiet", "closed": "quiet", "needs_more": "warn"}


def form_context(
    site: Site, order: OrderRow, token: str, parcel: ParcelRow, typed: Typed, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """What `portal/claim_form.html` shows."""
    style = Style.of(site, order, timezone.now())
    choices = choices_of(order, parcel, style)
    return {
        "title": _("Make a claim"),
        "order_number": order.number,
        "typed": typed,
        "kinds": [(kind, name, asked.get("kind") == kind) for kind, name in KINDS.items()],
        "resolutions": [(key, name, asked.get("wanted", "refund") == key) for key, name in RESOLUTIONS.items()],
        "choices": [
            (choice, not typed.errors or choice.line_id in typed.lines,
             typed.lines.get(choice.line_id, min(choice.quantity, 99)), choice.counts)
            for choice in choices
        ],
        "longest": LONGEST_TEXT,
        "most_photos": MOST_PHOTOS,
        "action": site.path(f"t/{token}/{parcel.number}/claim/"),
        "back_url": site.path(f"t/{token}/{parcel.number}/"),
    }  # fmt: skip


def claim_context(site: Site, order: OrderRow, token: str, claim: Claim, typed: Typed) -> dict[str, Any]:
    """What `portal/claim.html` shows."""
    style = Style.of(site, order, timezone.now())
    here = f"o/{token}/claims/{public_id('clm', claim.pk)}/"
    return {
        "title": KINDS[claim.kind],
        "order_number": order.number,
        "number": claim.number,
        "chip": _chip(claim),
        "tone": _TONES.get(claim.status, "info"),
        "sentence": _sentence(claim, style),
        "goods": [f"{row.quantity} × {row.line.title}" for row in claim.lines.all()],
        "value": style.money(claim.value, claim.currency),
        "history": [_said(entry, style) for entry in claim.entries.all()],
        "photos": [
            site.path(f"{here}photos/{public_id('clp', photo.pk)}/") for photo in claim.photos.defer("image")
        ],
        "typed": typed,
        "longest": LONGEST_TEXT,
        "most_photos": MOST_PHOTOS,
        "action": site.path(here),
        "may_write": claim.status != Status.APPROVED,
        "back_url": site.path(f"t/{token}/{claim.shipment.number}/"),
    }


def _chip(claim: Claim) -> str:
    said = {
        Status.PARKED: _("Opens by itself"),
        Status.OPEN: _("We’re on it"),
        Status.NEEDS_MORE: _("Your answer is needed"),
        Status.PAUSED: _("Parcel moves again"),
        Status.APPROVED: _("Approved"),
        Status.DECLINED: _("Declined"),
        Status.CLOSED: _("Closed"),
    }
    return said[Status(claim.status)]


def _sentence(claim: Claim, style: Style) -> str:
    if claim.status == Status.PARKED and claim.due_at:
        return _("It is a little early: parcels still turn up. Your claim opens by itself on %(day)s.") % {
            "day": style.day(claim.due_at)
        }
    if claim.status == Status.NEEDS_MORE and claim.due_at:
        return _("Please answer our question by %(day)s, or the claim is closed.") % {
            "day": style.day(claim.due_at)
        }
    if claim.status == Status.APPROVED:
        amount = style.money(claim.value, claim.currency)
        made_good = {
            Resolution.REFUND: _("You get %(amount)s back the way you paid.") % {"amount": amount},
            Resolution.CREDIT: _("You get %(amount)s as store credit.") % {"amount": amount},
            Resolution.RESHIP: _("We send the items again."),
        }
        return made_good[Resolution(claim.resolution)]
    if claim.status == Status.DECLINED:
        return _("We cannot make this good: %(why)s. Not right? Write to us below.") % {
            "why": EXCLUSIONS.get(claim.exclusion, "")
        }
    said = {
        Status.PAUSED: _("The carrier has seen your parcel again. If it does not come, write to us below."),
        Status.CLOSED: _("Nobody wrote for ten days. Write below, and we go on with it."),
    }
    return said.get(Status(claim.status), _("We look into it and answer by e-mail."))


def _said(entry: ClaimEntry, style: Style) -> dict[str, Any]:
    said = {
        ("parked", "shopper"): _("You made the claim"),
        ("open", "shopper"): _("You made the claim"),
        ("open", "system"): _("The claim opened by itself"),
        ("message", "shopper"): _("You wrote"),
        ("needs_more", "team"): _("We asked"),
        ("paused", "system"): _("Paused: the parcel moves again"),
        ("closed", "system"): _("Closed after ten days of silence"),
        ("approved", "team"): _("We approved it"),
        ("approved", "system"): _("Approved"),
        ("declined", "team"): _("We declined it"),
    }
    return {
        "name": said.get((entry.kind, entry.side), entry.kind),
        "when": style.day_and_time(entry.created_at),
        "when_iso": style.iso(entry.created_at),
        "text": entry.text,
        "is_ours": entry.side == "team",
    }
