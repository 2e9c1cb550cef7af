"""Making a wish for a delivery, and taking it back. Only a POST does either, and both can be done again."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.rest.errors import Conflict, Unprocessable
from portal import errors
from portal.limits import count_write
from portal.loading import OrderRow, ParcelRow
from portal.opening import open_order, parcel_or_404
from portal.pages import portal_page, render
from portal.site import Site
from portal.style import Style
from portal.wishes import TypedWish, can_wish, days_to_choose, wish_context
from tracking.wishes import WishKind, set_wish, withdraw_wish


@portal_page("GET", "POST")
def wish(request: HttpRequest, site: Site, token: str, number: int) -> HttpResponse:
    """Choose; `then=withdraw` takes the wish back."""
    order = open_order(site, token)
    parcel = parcel_or_404(order, number)
    with site.speaking(order.locale):
        if parcel is None or not can_wish(parcel):
            raise errors.TooLate
        typed = TypedWish()
        if request.method == "POST":
            count_write(request, site, order)
            try:
                if request.POST.get("then") == "withdraw":
                    withdraw_wish(site.merchant, parcel.id)
                    return _see(site.path(f"t/{token}/{parcel.number}/"))
                typed = _read(request)
                if not typed.errors and _stored(site, order, parcel, typed):
                    return _see(site.path(f"t/{token}/{parcel.number}/"))
            except Conflict:
                raise errors.TooLate from None
        context = wish_context(site, order, token, parcel, typed)
        return render(request, site, "portal/wish.html", context, status=422 if typed.errors else 200)


def _read(request: HttpRequest) -> TypedWish:
    kind = request.POST.get("wish", "")
    if kind not in list(WishKind):
        return TypedWish(errors={"wish": _("Please choose one of these.")})
    place = request.POST.get(f"place-{kind}", "")[:500]
    return TypedWish(kind=kind, place=place, day=request.POST.get("day", "")[:10])


def _stored(site: Site, order: OrderRow, parcel: ParcelRow, typed: TypedWish) -> bool:
    """Store the wish; what is wrong with it is put beside its field."""
    style = Style.of(site, order, timezone.now())
    offered = {day.isoformat() for day in days_to_choose(parcel, style)}
    day = date.fromisoformat(typed.day) if typed.day in offered else None
    try:
        set_wish(site.merchant, parcel.id, WishKind(typed.kind), place=typed.place, day=day)
    except Unprocessable as problem:
        without_day = problem.code == "wish_without_day"
        typed.errors["wish"] = (
            _("Please choose a day.") if without_day else _("Please fill this in, briefly.")
        )
        return False
    return True


def _see(path: str) -> HttpResponse:
    response = HttpResponse(status=303)
    response["Location"] = path
    return response
