"""The page that offers notifications on this device: the only one of the portal with a script, and its service worker.

Without JavaScript the page says that this browser cannot show notifications, and offers nothing. The script asks for
permission after a tap, has the browser subscribe, and sends an ordinary form: nothing is fetched.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from merchants.rest.errors import Unprocessable
from notifications.push import commands
from notifications.push.keys import checked
from notifications.push.queries import known_endpoints
from portal import errors
from portal.limits import count_write
from portal.opening import open_order
from portal.pages import POLICY, portal_page, render
from portal.site import Site

# What this page may do beyond the others: our script, our service worker, and to name that one's address (the policy
# `push` of the script, which makes no other).
NOTIFY_POLICY: Final = {
    **POLICY,
    "script-src": ["'self'"],
    "worker-src": ["'self'"],
    "trusted-types": ["push"],
}
_WORKER_POLICY: Final = {"default-src": ["'none'"], "img-src": ["'self'"]}


@portal_page("GET", "POST")
def notify(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """Offer to tell this device about the order; a POST of the script begins it, or (`then=off`) ends it."""
    order = open_order(site, token)
    if not site.merchant.push_key:
        raise errors.NotFound
    with site.speaking(order.locale):
        failed = False
        if request.method == "POST":
            count_write(request, site, order)
            given = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
            try:
                if request.POST.get("then") == "off":
                    commands.remove_device(site.merchant, order.id, given["endpoint"])
                else:
                    commands.add_device(site.merchant, order.id, checked(**given))
            except Unprocessable:
                failed = True
            else:
                response = HttpResponse(status=303)
                response["Location"] = site.path(f"t/{token}/notify/")
                return response
        context = {
            "title": _("Tell me on this phone"),
            "order_number": order.number,
            "failed": failed,
            "action": site.path(f"t/{token}/notify/"),
            "back_url": site.path(f"t/{token}/"),
            "push_key": site.merchant.push_key,
            "worker": f"{site.base}/notify.js",
            "known": " ".join(known_endpoints(order.id)),
        }
        status = 422 if failed else 200
        return render(request, site, "portal/notify.html", context, status=status, policy=NOTIFY_POLICY)


@portal_page("GET")
def worker(request: HttpRequest, site: Site) -> HttpResponse:
    """The service worker. It stands at the root of the portal, so that its scope is the portal and no more."""
    if not site.merchant.push_key:
        raise errors.NotFound
    response = HttpResponse(
        _source(), content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )
    response._csp_config = _WORKER_POLICY  # type: ignore[attr-defined]
    return response


@lru_cache(maxsize=1)
def _source() -> str:
    return Path(settings.BASE_DIR, "static/js/push-worker.js").read_text(encoding="utf-8")
