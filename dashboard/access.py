"""The only road from a request to a merchant: signed in, a member, and in the merchant's scope."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django_htmx.http import HttpResponseClientRedirect

from accounts import sessions
from dashboard import errors
from merchants import audit
from merchants.ids import parse_public_id
from merchants.models import Membership, Merchant
from merchants.permissions import Permission, may
from merchants.rest.errors import NotFound
from merchants.scope import merchant_scope

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Seat:
    """A person at a merchant's desk: who they are, whose data they see, what else they could open."""

    user: User
    merchant: Merchant
    role: str
    others: tuple[Merchant, ...] = ()

    def may(self, permission: Permission) -> bool:
        """Whether this person may, by their role."""
        return may(self.role, permission)

    @property
    def may_act(self) -> bool:
        return self.may(Permission.ACT)

    @property
    def may_set_up(self) -> bool:
        return self.may(Permission.SETTINGS)

    @property
    def may_move_data(self) -> bool:
        return self.may(Permission.DATA)

    @property
    def may_lead(self) -> bool:
        return self.may(Permission.TEAM)


def merchant_view(*, needs: Permission = Permission.READ, step_up: bool = False) -> Callable[[View], View]:
    """Decorate a view of one merchant's data: it is called as `view(request, seat, **kwargs)`.

    The merchant of the path must be one that the signed-in person works for; absent and forbidden are the same
    404. The merchant's scope is open while the view runs, so it renders its response at once. People whose role
    lacks what it `needs` get a 403. A view with `step_up` (keys, people) first asks for the password or a second
    factor again, unless that was within ten minutes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            response = _answer(view, request, slug, kwargs, needs, step_up)
            # Names and addresses of shoppers: never in a shared cache, gone from Back after signing out.
            add_never_cache_headers(response)
            return response

        guarded.needs = needs  # type: ignore[attr-defined]  # read by the access tests
        return guarded

    return decorate


def _answer(
    view: View, request: HttpRequest, slug: str, kwargs: dict[str, Any], needs: Permission, step_up: bool
) -> HttpResponse:
    seat = _seat(request, slug)
    if seat is None:
        return errors.not_found(request)
    if seat.merchant.two_factor_required and not sessions.has_second_factor(request):
        return _elsewhere(request, reverse("dashboard:account"))
    acting = audit.acting_as(audit.person(seat.user))
    with merchant_scope(seat.merchant), acting, timezone.override(_clock(seat.merchant)):
        try:
            if not seat.may(needs):
                raise PermissionDenied
            if step_up and not sessions.is_recent(request):
                return confirm_first(request)
            return view(request, seat, **kwargs)
        except (Http404, NotFound):
            return errors.not_found(request)
        except PermissionDenied:
            return errors.forbidden(request)


def _clock(merchant: Merchant) -> ZoneInfo:
    """The merchant's time zone; UTC when it names one that this machine does not know."""
    try:
        return ZoneInfo(merchant.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def seats_of(user: User) -> list[Membership]:
    """The merchants that a person works for, by name: one query."""
    mine = (
        Membership.objects.filter(user=user)
        .select_related("merchant__sandbox")
        .defer("merchant__logo", "merchant__sandbox__logo")
    )
    return list(mine.order_by("merchant__name", "merchant__slug"))


def _seat(request: HttpRequest, slug: str) -> Seat | None:
    user = request.user
    assert isinstance(user, User)
    open_to = [
        (merchant, membership.role)
        for membership in seats_of(user)
        for merchant in (membership.merchant, getattr(membership.merchant, "sandbox", None))
        if merchant is not None  # Who works for a shop works in its sandbox too.
    ]
    for merchant, role in open_to:
        if merchant.slug == slug:
            return Seat(user, merchant, role, tuple(other for other, _ in open_to if other is not merchant))
    return None


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back here afterwards. A fragment request makes the whole page go there."""
    sign_in = reverse("dashboard:sign_in")
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(sign_in)
    here = request.get_full_path() if request.method == "GET" else resolve_url("dashboard:home")
    return redirect_to_login(here, sign_in)


def confirm_first(request: HttpRequest) -> HttpResponse:
    """To the page that asks who this is again, and back: to the page itself, or to the one that the form was on."""
    back = request.get_full_path()
    if request.method != "GET":
        came_from = urlsplit(request.META.get("HTTP_REFERER", ""))
        back = came_from.path if came_from.netloc == request.get_host() else reverse("dashboard:home")
    return _elsewhere(request, f"{reverse('dashboard:confirm')}?{urlencode({'next': back})}")


def _elsewhere(request: HttpRequest, url: str) -> HttpResponse:
    """A fragment request makes the whole page go there."""
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(url)
    return redirect(url)


def id_or_404(prefix: str, text: str) -> UUID:
    """The id in a path. Raises Http404 for one that is not of this kind."""
    parsed = parse_public_id(prefix, text)
    if parsed is None:
        raise Http404
    return parsed
