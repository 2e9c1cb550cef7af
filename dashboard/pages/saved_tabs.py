"""Keeping a list's filter as a tab; renaming, sharing and deleting one."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import saved_tabs
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.models import SavedTab
from dashboard.shell import page
from merchants.ids import public_id
from merchants.rest.errors import Unprocessable


@require_POST
@merchant_view()
def save(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A tab of one's own is everybody's to make; one for the team needs somebody who may act."""
    name = request.POST.get("list", "")
    list_name = name if name in saved_tabs.LISTS else saved_tabs.LISTS[0]
    query = saved_tabs.clean(request.POST.get("query", ""))
    back = f"/app/{seat.merchant.slug}/{list_name}/?{query}"
    is_shared = bool(request.POST.get("shared")) and seat.may_act
    try:
        tab = saved_tabs.save(
            seat, list_name, name=request.POST.get("name", ""), query=query, is_shared=is_shared
        )
    except Unprocessable as problem:
        messages.error(request, _problem(problem))
        return redirect(back)
    messages.success(request, _("The tab “%(name)s” is saved.") % {"name": tab.name})
    return redirect(_address(seat, tab))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view()
def edit(request: HttpRequest, seat: Seat, tab_id: str) -> HttpResponse:
    """A form to rename and share a tab, with a button to delete it."""
    tab = saved_tabs.get(seat, id_or_404("tab", tab_id))
    error, name, status = "", tab.name, 200
    if request.method == "POST":
        if tab.owner_id is None and not seat.may_act:
            raise PermissionDenied
        if request.POST.get("delete"):
            saved_tabs.delete(seat, tab.id)
            messages.success(request, _("The tab “%(name)s” is deleted.") % {"name": tab.name})
            return redirect(f"/app/{seat.merchant.slug}/{tab.list_name}/")
        name = request.POST.get("name", "")
        try:
            is_shared = bool(request.POST.get("shared")) and seat.may_act
            changed = saved_tabs.change(seat, tab.id, name=name, is_shared=is_shared)
        except Unprocessable as problem:
            error, status = _problem(problem), 422
        else:
            messages.success(request, _("The tab is changed."))
            return redirect(_address(seat, changed))
    context = {
        "tab": tab, "tab_id": tab_id, "name": name, "error": error, "back": _address(seat, tab),
        "may_change": tab.owner_id is not None or seat.may_act,
    }  # fmt: skip
    return page(request, seat, "dashboard/saved_tab.html", context, section=tab.list_name, status=status)


def _address(seat: Seat, tab: SavedTab) -> str:
    return f"/app/{seat.merchant.slug}/{tab.list_name}/?{tab.query}&view={public_id('tab', tab.id)}"


def _problem(problem: Unprocessable) -> str:
    return {
        "invalid_name": _("Give the tab a name of 1 to 40 letters."),
        "too_many_tabs": _("There are 20 tabs already: delete one first."),
    }.get(problem.code, _("There is nothing to save: filter or search first."))
