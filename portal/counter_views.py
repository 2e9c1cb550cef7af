"""Returns in store: what the people of a branch see on a phone, after its link and its PIN. Nothing else opens."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from merchants import audit, throttle
from merchants.client_ip import client_ip, network_of
from merchants.ids import parse_public_id, public_id
from merchants.models import ActorKind
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from portal import errors
from portal.counter_page import counted, desk_context, return_context
from portal.pages import portal_page, render
from portal.problem_form import Typed
from portal.site import Site
from returns.branches import branch_of_link, is_pin
from returns.counter import may_take, take_in
from returns.models import Return
from returns.queries import by_code, get_return
from returns.shop_models import Branch

COOKIE: Final = "branch"
_SALT: Final = "portal.counter"
_DAY: Final = 12 * 3600  # a phone that was let in is asked for the PIN again after a working day
_HOUR: Final = 3600
_PINS, _PINS_OF_A_BRANCH, _ACTS = 5, 20, 240


@portal_page("GET", "POST")
def enter(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """A branch's link: asks for the PIN, and lets this phone in for a working day."""
    branch = branch_of_link(token)
    if branch is None:
        raise errors.LinkGone
    typed = Typed()
    if request.method == "POST":
        client = network_of(client_ip(request))
        waits = (
            throttle.hit("branch-pin", site.merchant.pk, branch.pk, client, limit=_PINS, window=900),
            throttle.hit("branch-pins", site.merchant.pk, branch.pk, limit=_PINS_OF_A_BRANCH, window=_HOUR),
        )
        if any(waits):
            raise errors.TooMany(max(waits))
        if is_pin(branch, request.POST.get("pin", "")[:20]):
            throttle.forgive("branch-pin", site.merchant.pk, branch.pk, client)
            return _let_in(site, branch)
        typed.errors["pin"] = _("This PIN is not right.")
    context = {"title": branch.name, "branch": branch, "typed": typed, "action": site.path(f"b/{token}/")}
    return render(request, site, "portal/counter_pin.html", context, status=422 if typed.errors else 200)


@portal_page("GET")
def desk(request: HttpRequest, site: Site) -> HttpResponse:
    """What a phone that was let in shows: `?code=`, scanned or typed, finds the return."""
    branch = _branch(request, site)
    code = request.GET.get("code", "").strip()[:200]
    if not code:
        return render(request, site, "portal/counter.html", desk_context(site, branch))
    found = by_code(code)
    if found is None:
        context = desk_context(site, branch, code=code, missed=True)
        return render(request, site, "portal/counter.html", context, status=404)
    return _shown(request, site, branch, found, Typed())


@portal_page("GET", "POST")
def one(request: HttpRequest, site: Site, return_id: str) -> HttpResponse:
    """A return on the counter; the POST takes it in."""
    branch = _branch(request, site)
    try:
        found = get_return(parse_public_id("ret", return_id))
    except NotFound:
        raise errors.NotFound from None
    typed = Typed()
    if request.method == "POST" and may_take(found):
        lines, typed.errors = counted(request.POST, found)
        if not typed.errors:
            actor = audit.Actor(ActorKind.BRANCH, public_id("brn", branch.pk), branch.name)
            try:
                with audit.acting_as(actor):
                    take_in(
                        site.merchant, found.pk, lines, unsure=request.POST.get("unsure") == "1",
                        text=request.POST.get("text", "")[:1000],
                    )  # fmt: skip
            except Unprocessable:
                typed.errors["goods"] = _("Please say how many of each item are here.")
            except Conflict:
                pass  # somebody was faster: the page says how it stands now
            if not typed.errors:
                return HttpResponseRedirect(site.path(f"b/returns/{return_id}/"), status=303)
    return _shown(request, site, branch, found, typed)


@portal_page("POST")
def leave(request: HttpRequest, site: Site) -> HttpResponse:
    """Forget this phone."""
    branch = _branch(request, site)
    context = {**desk_context(site, branch), "left": True}
    response = render(request, site, "portal/counter.html", context)
    response.delete_cookie(COOKIE, path=_path(site))
    return response


def _shown(request: HttpRequest, site: Site, branch: Branch, found: Return, typed: Typed) -> HttpResponse:
    context = return_context(site, branch, found, typed, request.POST)
    return render(request, site, "portal/counter_return.html", context, status=422 if typed.errors else 200)


def _let_in(site: Site, branch: Branch) -> HttpResponse:
    response = HttpResponseRedirect(site.path("b/"), status=303)
    response.set_cookie(
        COOKIE, signing.dumps([str(branch.pk), branch.version], salt=_SALT), max_age=_DAY, path=_path(site),
        httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


def _branch(request: HttpRequest, site: Site) -> Branch:
    """The branch that this phone was let in for. Raises LinkGone (the same for all that is not right) and TooMany."""
    try:
        pk, version = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_DAY)
        branch = Branch.objects.filter(pk=UUID(pk), version=version).first()
    except (signing.BadSignature, ValueError, TypeError):
        branch = None
    if branch is None:
        raise errors.NotLetIn
    if wait := throttle.hit("branch-act", site.merchant.pk, branch.pk, limit=_ACTS, window=_HOUR):
        raise errors.TooMany(wait)
    return branch


def _path(site: Site) -> str:
    return f"{site.base}/b/"
