"""Settings: branches with a counter that takes returns in. Each has a link for the phones of its people, and a PIN."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods
from segno import make_qr

from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from merchants.domains import portal_host
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import NotFound, Unprocessable
from orders.queries import counter_url
from returns.branches import MOST, add_branch, remove_branch, renew_branch
from returns.shop_models import Branch


class BranchForm(forms.Form):
    """A branch as shoppers read it."""

    name = forms.CharField(label=gettext_lazy("Name of the branch"), max_length=80)
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    hours = forms.CharField(
        label=gettext_lazy("Opening hours"), max_length=200, required=False,
        help_text=gettext_lazy("For example: Mon–Sat 10–19"),
    )  # fmt: skip


@sensitive_variables("token", "pin")
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS, step_up=True)
def branches(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The branches, and a form for a new one. The answer to it is the only page that shows its link and PIN."""
    form = BranchForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _show(request, seat, form, status=422 if form.errors else 200)
    given = form.cleaned_data
    try:
        made, token, pin = add_branch(
            seat.merchant, given["name"], address=given["address"], hours=given["hours"]
        )
    except Unprocessable:
        form.add_error(None, _("There are %(count)d branches at most.") % {"count": MOST})
        return _show(request, seat, form, status=422)
    return _show(request, seat, BranchForm(), new=made, token=token, pin=pin)


@sensitive_variables("token", "pin")
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS, step_up=True)
def renew(request: HttpRequest, seat: Seat, branch_id: str) -> HttpResponse:
    """Asks first; the POST makes another link and PIN and shows them once."""
    found = _branch(branch_id)
    if request.method == "POST":
        made, token, pin = renew_branch(seat.merchant, found.pk)
        return _show(request, seat, BranchForm(), new=made, token=token, pin=pin)
    context = {
        "title": _("New link and PIN for %(branch)s?") % {"branch": found.name},
        "text": _("The old ones stop working at once, also on phones that are open now."),
        "button": _("Make new ones"),
        "keep": _("Keep the old ones"),
        "back": f"/app/{seat.merchant.slug}/settings/branches/",
    }
    return settings_page(request, seat, "branches", "dashboard/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS, step_up=True)
def remove(request: HttpRequest, seat: Seat, branch_id: str) -> HttpResponse:
    """Asks first; the POST closes the branch."""
    found = _branch(branch_id)
    if request.method == "POST":
        remove_branch(seat.merchant, found.pk)
        messages.success(request, _("%(branch)s takes no returns any more.") % {"branch": found.name})
        return redirect("dashboard:branches", seat.merchant.slug)
    context = {
        "title": _("Remove %(branch)s?") % {"branch": found.name},
        "text": _("Its link stops working, and customers do not see it any more. What it took in stays."),
        "button": _("Remove it"),
        "keep": _("Keep it"),
        "back": f"/app/{seat.merchant.slug}/settings/branches/",
    }
    return settings_page(request, seat, "branches", "dashboard/confirm.html", context)


def _branch(branch_id: str) -> Branch:
    found: Branch | None = Branch.objects.filter(pk=id_or_404("brn", branch_id)).first()
    if found is None:
        raise NotFound("There is no such branch.", param="branch_id")
    return found


def _show(
    request: HttpRequest, seat: Seat, form: BranchForm, *, new: Branch | None = None, token: str = "", pin: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    url = counter_url(seat.merchant, token, portal_host(seat.merchant)) if token else ""
    context: dict[str, Any] = {
        "form": form,
        "new": new,
        "url": url,
        "pin": pin,
        "qr": SafeString(make_qr(url, error="m").svg_data_uri(scale=5, border=2, dark="#000", light="#fff"))
        if url
        else "",
        "rows": [
            (branch, f"/app/{seat.merchant.slug}/settings/branches/{public_id('brn', branch.pk)}/")
            for branch in Branch.objects.all()[: MOST + 1]
        ],
    }
    return settings_page(
        request, seat, "branches", "dashboard/settings/branches.html", context, status=status
    )
