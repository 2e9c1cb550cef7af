"""`/app/`: on to the merchant that a person works for, or a choice between several."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.access import ask_to_sign_in, seats_of
from dashboard.account.new_shop import may_make_shops
from merchants.first import is_fresh


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One merchant: its overview. Several: which one? None: what to do about it."""
    user = request.user
    if not isinstance(user, User):
        return render(request, "dashboard/fresh.html") if is_fresh() else ask_to_sign_in(request)
    mine = seats_of(user)
    if len(mine) == 1:
        return redirect("dashboard:overview", mine[0].merchant.slug)
    return render(
        request, "dashboard/choose.html", {"mine": mine, "may_make_shops": may_make_shops(user, mine)}
    )
