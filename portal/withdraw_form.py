"""What a consumer typed to withdraw, and what makes it look suspicious: a hint for the team, never a refusal."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from merchants.client_ip import client_ip, network_of
from merchants.throttle import hit
from orders.text import normal_email
from portal.loading import OrderRow
from portal.pages import is_foreign
from portal.site import Site
from returns.withdrawal.models import Source
from returns.withdrawal.steps import Declaration, typed

FASTEST = 3  # seconds from the form to its coming back
OFTEN, HOUR = 5, 3600
_SHOWN = signing.TimestampSigner(salt="withdraw-form")


@dataclass
class Form:
    """The form as it was filled in. lines: order line → how many. errors: name of the field → what is wrong."""

    name: str = ""
    contract: str = ""
    email: str = ""
    text: str = ""
    is_whole: bool = True
    lines: dict[UUID, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def shown_now() -> str:
    """When the form was shown, signed: it travels in the form."""
    return _SHOWN.sign("form")


def form_of(request: HttpRequest, order: OrderRow | None) -> Form:
    """The form that came back. It is wrong only where nothing was declared: no word, or a part that names none."""
    asked = request.POST
    name, contract, email, text = (
        typed(asked.get(field, ""), field) for field in ("name", "contract", "email", "text")
    )
    form = Form(name, contract, email, text)
    form.is_whole = asked.get("scope", "whole") != "part"
    if order is not None and not form.is_whole:
        chosen = set(asked.getlist("line"))
        form.lines = {
            line.id: _count(asked.get(f"count-{line.id}", ""), line.quantity)
            for line in order.lines
            if str(line.id) in chosen
        }
    if not form.is_whole and not (form.lines or (order is None and form.text)):
        form.errors["scope"] = _("Please say which items you withdraw from.")
    if not (form.name or form.contract or form.email):
        form.errors["name"] = _("Please fill in who you are and which contract it is about.")
    return form


def declaration_of(request: HttpRequest, site: Site, order: OrderRow | None, form: Form) -> Declaration:
    """What is declared. Its time is that of the request's coming in."""
    came_in: datetime = request.entered_at  # type: ignore[attr-defined]
    return Declaration(
        declared_at=came_in, source=Source.LINK if order else Source.FORM, name=form.name, contract=form.contract,
        email=form.email, text=form.text if not form.is_whole else "", is_whole=form.is_whole, lines=form.lines,
        order_id=order.id if order else None, locale=site.language,
    )  # fmt: skip


def suspicions(request: HttpRequest, site: Site, form: Form) -> list[str]:
    """What looks suspicious about a declaration that is recorded by now."""
    client = network_of(client_ip(request))
    found = {
        "trap": bool(request.POST.get("website")),
        "fast": _is_fast(request.POST.get("shown", "")),
        "foreign": is_foreign(request),
        "often": bool(hit("withdraw-client", site.merchant.pk, client, limit=OFTEN, window=HOUR)),
        "flood": bool(
            form.email
            and hit("withdraw-address", site.merchant.pk, normal_email(form.email), limit=OFTEN, window=HOUR)
        ),
    }
    return [name for name, is_so in found.items() if is_so]


def _is_fast(shown: str) -> bool:
    """Whether the form came back faster than anybody fills it in. One without a time says nothing."""
    try:
        _SHOWN.unsign(shown, max_age=FASTEST)
    except signing.BadSignature:  # older, or none of ours
        return False
    return True


def _count(text: str, most: int) -> int:
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else most
    return min(max(1, wanted), most)
