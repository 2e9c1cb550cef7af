"""B15: the merchant's own host for its portal: which records to make, and what DNS says of them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from dashboard.words import Label
from merchants import domains as commands
from merchants import throttle
from merchants.ids import public_id
from merchants.models import PortalDomain
from merchants.permissions import Permission

_CHECKS_A_MINUTE = 10
PROBLEMS: dict[str, Promise] = {
    "txt_missing": gettext_lazy(
        "The TXT record is not there yet. New records take some minutes, at times hours."
    ),
    "txt_other": gettext_lazy("The TXT record says something else."),
    "not_pointing": gettext_lazy("The name does not point here yet."),
    "no_answer": gettext_lazy("The name servers did not answer. Try again in a minute."),
    "taken": gettext_lazy("Another shop proved that this name is theirs."),
}


class DomainForm(forms.Form):
    """A host."""

    host = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=253,
        help_text=gettext_lazy("A name below your own domain, for example track.your-shop.com."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "track.your-shop.com"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def domains(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The hosts with their records, and a form for another one."""
    form = DomainForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            domain = commands.add_domain(seat.merchant, form.cleaned_data["host"])
        except ValidationError as error:
            form.add_error("host", error)
        else:
            messages.success(
                request, _("%(host)s is in the list. Make its two records now.") % {"host": domain.host}
            )
            return redirect("dashboard:domains", seat.merchant.slug)
    own = PortalDomain.objects.filter(merchant=seat.merchant).order_by("created_at")
    context = {
        "form": form,
        "rows": [_row(seat, domain) for domain in own],
        "portal_url": f"/p/{seat.merchant.slug}/",
        "most": commands.MOST_DOMAINS,
    }
    status = 422 if form.errors else 200
    return settings_page(request, seat, "domains", "dashboard/settings/domains.html", context, status=status)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def check_domain(request: HttpRequest, seat: Seat, domain_id: str) -> HttpResponse:
    """Look now."""
    domain = _own(seat, domain_id)
    if throttle.hit("domain-check", seat.merchant.pk, limit=_CHECKS_A_MINUTE, window=60):
        messages.error(request, _("That was very often. Wait a minute."))
        return redirect("dashboard:domains", seat.merchant.slug)
    commands.check_domain(domain)
    if domain.problem:
        messages.error(request, str(PROBLEMS.get(domain.problem, domain.problem)))
    else:
        messages.success(request, _("%(host)s is verified and shows your portal.") % {"host": domain.host})
    return redirect("dashboard:domains", seat.merchant.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def remove_domain(request: HttpRequest, seat: Seat, domain_id: str) -> HttpResponse:
    """Asks first; the POST removes it."""
    domain = _own(seat, domain_id)
    if request.method == "POST":
        commands.remove_domain(domain)
        messages.success(request, _("%(host)s is removed.") % {"host": domain.host})
        return redirect("dashboard:domains", seat.merchant.slug)
    context = {
        "title": _("Remove %(host)s?") % {"host": domain.host},
        "text": _("Links in mails that went out already lead there, and stop working."),
        "button": _("Remove it"),
        "keep": _("Keep it"),
        "back": f"/app/{seat.merchant.slug}/settings/domains/",
    }
    return settings_page(request, seat, "domains", "dashboard/confirm.html", context)


def _own(seat: Seat, domain_id: str) -> PortalDomain:
    own = PortalDomain.objects.filter(merchant=seat.merchant, pk=id_or_404("dom", domain_id))
    domain = own.select_related("merchant").first()
    if domain is None:
        raise Http404
    return domain


def _row(seat: Seat, domain: PortalDomain) -> dict[str, Any]:
    base = f"/app/{seat.merchant.slug}/settings/domains/{public_id('dom', domain.id)}/"
    return {
        "domain": domain,
        "url": f"https://{domain.host}/",
        "state": _state(domain),
        "problem": PROBLEMS.get(domain.problem, domain.problem),
        "records": [
            ("TXT", commands.txt_name(domain), commands.txt_value(domain)),
            ("CNAME", domain.host, commands.own_host()),
        ],
        "check_url": base + "check/",
        "remove_url": base + "remove/",
    }


def _state(domain: PortalDomain) -> Label:
    if domain.verified_at is None:
        return Label(_("Waits for its records"), "warn")
    return Label(_("Verified, but failing now"), "bad") if domain.problem else Label(_("Verified"), "ok")
