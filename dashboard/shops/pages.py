"""B16: the shops that are connected: their health, how they are connected, what is fetched from them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from dashboard.shops import words
from dashboard.shops.forms import FORMS, GenericForm, ShopForm, pretty
from dashboard.shops.mapping import mapping_rows
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Conflict, Unprocessable
from orders.connectors import shopify, woocommerce
from orders.models import InboxItem, PullKind, PullState, ShopConnection, ShopKind, ShopPull
from orders.pulls import continue_pull, start_pull, stop_pull
from orders.shop_health import Health, health_of, healths
from orders.shops import add_shop, change_shop, credentials_of, disconnect_shop, hook_path

_PULLS_SHOWN = 10
_TOPICS = {ShopKind.SHOPIFY: shopify.NEEDED_TOPICS, ShopKind.WOOCOMMERCE: woocommerce.NEEDED_TOPICS}
_SECRETS = ("secret", "token", "key", "key_secret")


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def shops(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Every shop with its health, and the ways to connect one."""
    known = healths()
    taken = {health.connection.kind for health in known} - {ShopKind.GENERIC}
    context = {
        "shops": [_card(seat, health) for health in known],
        "ways": [
            {"kind": kind, "name": name, "about": words.ABOUT[kind], "url": _url(seat, "connect_shop", kind)}
            for kind, name in words.KINDS.items()
            if kind not in taken
        ],
    }
    return settings_page(request, seat, "shops", "dashboard/settings/shops.html", context)


@sensitive_post_parameters(*_SECRETS)
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def connect(request: HttpRequest, seat: Seat, kind: str) -> HttpResponse:
    """A form that connects a shop of a kind."""
    if kind not in FORMS:
        raise Http404
    if kind != ShopKind.GENERIC and ShopConnection.objects.filter(kind=kind).exists():
        return redirect("dashboard:shops", seat.merchant.slug)
    form = FORMS[kind](request.POST if request.method == "POST" else None)
    if request.method == "POST" and "try" not in request.POST and form.is_valid():
        connection = add_shop(seat.merchant, kind, form.values())
        messages.success(
            request, _("The shop is connected. One step is left: let it send its webhooks here.")
        )
        return redirect(_url(seat, "shop", public_id("con", connection.id)))
    return _form(request, seat, kind, form)


@sensitive_post_parameters(*_SECRETS)
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def edit(request: HttpRequest, seat: Seat, connection_id: str) -> HttpResponse:
    """The same form over a connection."""
    connection = _connection(connection_id)
    initial = {"sample": _last_body(connection)} if connection.kind == ShopKind.GENERIC else {}
    form = FORMS[connection.kind](
        request.POST if request.method == "POST" else None, connection=connection, initial=initial
    )
    if request.method == "POST" and "try" not in request.POST and form.is_valid():
        change_shop(seat.merchant, connection.id, form.values())
        messages.success(request, _("Saved."))
        return redirect(_url(seat, "shop", connection_id))
    return _form(request, seat, connection.kind, form, connection)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def try_mapping(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the typed paths give on the typed sample, as fragments beside each of them."""
    form = GenericForm(request.POST)
    form.is_valid()
    return render(request, "dashboard/settings/_mapping_tried.html", {"groups": mapping_rows(form)})


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def shop(request: HttpRequest, seat: Seat, connection_id: str) -> HttpResponse:
    """One shop: its health, where its webhooks go, what was fetched. `HX-Request`: only what moves."""
    connection = _connection(connection_id)
    health = health_of(connection)
    pulls = list(ShopPull.objects.filter(connection=connection).order_by("-started_at")[:_PULLS_SHOWN])
    path = hook_path(seat.merchant, connection.kind, connection)
    context = {
        **_card(seat, health),
        "hook_url": settings.PUBLIC_URL + path,
        "topics": _TOPICS.get(ShopKind(connection.kind), ()),
        "privacy_topics": shopify.PRIVACY_TOPICS if connection.kind == ShopKind.SHOPIFY else (),
        "signature_header": connection.options.get("signature_header", ""),
        "can_pull": bool(credentials_of(connection)),
        "has_api": connection.kind != ShopKind.GENERIC,
        "pulls": [_pull_row(seat, connection_id, pull) for pull in pulls],
        "running": any(pull.state == PullState.RUNNING for pull in pulls),
        "pull_kinds": list(words.PULL_KINDS.items()),
        "pull_url": _url(seat, "start_pull", connection_id),
        "edit_url": _url(seat, "edit_shop", connection_id),
        "disconnect_url": _url(seat, "disconnect_shop", connection_id),
    }
    if request.htmx and "pulls" in request.GET:  # type: ignore[attr-defined]
        return render(request, "dashboard/settings/shop.html#pulls", {**context, "seat": seat})
    return settings_page(request, seat, "shops", "dashboard/settings/shop.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def disconnect(request: HttpRequest, seat: Seat, connection_id: str) -> HttpResponse:
    """Asks first; the POST forgets the shop's secrets."""
    connection = _connection(connection_id)
    name = connection.name or words.KINDS[connection.kind]
    if request.method == "POST":
        disconnect_shop(seat.merchant, connection.id)
        messages.success(request, _("%(shop)s is disconnected.") % {"shop": name})
        return redirect("dashboard:shops", seat.merchant.slug)
    context = {
        "title": _("Disconnect %(shop)s?") % {"shop": name},
        "text": _(
            "Its webhooks are refused from this moment on, and its secrets are forgotten."
            " Orders that came from it stay."
        ),
        "button": _("Disconnect"),
        "keep": _("Keep it connected"),
        "back": _url(seat, "shop", connection_id),
    }
    return settings_page(request, seat, "shops", "dashboard/confirm.html", context)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def start(request: HttpRequest, seat: Seat, connection_id: str) -> HttpResponse:
    """Begin to fetch `kind`: orders, customers or products."""
    connection = _connection(connection_id)
    kind = request.POST.get("kind", "")
    if kind not in PullKind.values:
        raise Http404
    try:
        start_pull(seat.merchant, connection.id, kind)
        messages.success(request, _("It is being fetched. You may leave this page."))
    except (Conflict, Unprocessable) as error:
        messages.error(request, str(error.detail))
    return redirect(_url(seat, "shop", connection_id))


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def stop(request: HttpRequest, seat: Seat, connection_id: str, pull_id: str) -> HttpResponse:
    """Stop fetching."""
    stop_pull(seat.merchant, _pull(connection_id, pull_id).id)
    return redirect(_url(seat, "shop", connection_id))


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def go_on(request: HttpRequest, seat: Seat, connection_id: str, pull_id: str) -> HttpResponse:
    """Go on where it stopped or failed."""
    try:
        continue_pull(seat.merchant, _pull(connection_id, pull_id).id)
    except Conflict as error:
        messages.error(request, str(error.detail))
    return redirect(_url(seat, "shop", connection_id))


def _form(
    request: HttpRequest, seat: Seat, kind: str, form: ShopForm, connection: ShopConnection | None = None
) -> HttpResponse:
    refused = form.is_bound and "try" not in request.POST
    title = _("Change %(shop)s") if connection else _("Connect %(shop)s")
    if kind == ShopKind.GENERIC and connection is None:
        title = _("Connect another shop")
    context = {
        "form": form,
        "title": title % {"shop": (connection and connection.name) or words.KINDS[kind]},
        "kind": kind,
        "connection": connection,
        "back": _url(seat, "shop", public_id("con", connection.id)) if connection else _url(seat, "shops"),
        "groups": mapping_rows(form) if isinstance(form, GenericForm) else [],
        "refused": refused,
    }
    template = "dashboard/settings/shop_form.html"
    return settings_page(request, seat, "shops", template, context, status=422 if refused else 200)


def _connection(connection_id: str) -> ShopConnection:
    found = ShopConnection.objects.filter(pk=id_or_404("con", connection_id)).first()
    if found is None:
        raise Http404
    return found


def _pull(connection_id: str, pull_id: str) -> ShopPull:
    found = ShopPull.objects.filter(
        pk=id_or_404("pul", pull_id), connection=_connection(connection_id)
    ).first()
    if found is None:
        raise Http404
    return found


def _last_body(connection: ShopConnection) -> str:
    """What the shop sent last: the sample that a mapping is best tried on."""
    body = (
        InboxItem.objects.filter(source=connection.source)
        .order_by("-received_at")
        .values_list("body", flat=True)
    ).first()
    return pretty(bytes(body)) if body else ""


def _card(seat: Seat, health: Health) -> dict[str, Any]:
    connection = health.connection
    pull = health.last_pull
    return {
        "connection": connection,
        "name": connection.name or words.KINDS[connection.kind],
        "kind": words.KINDS[connection.kind],
        "health": health,
        "url": _url(seat, "shop", public_id("con", connection.id)),
        "last_pull": _pull_row(seat, public_id("con", connection.id), pull) if pull else None,
        "failed_url": reverse("dashboard:parked", args=[seat.merchant.slug]) + "?tab=inbox",
    }


def _pull_row(seat: Seat, connection_id: str, pull: ShopPull) -> dict[str, Any]:
    pull_id = public_id("pul", pull.id)
    return {
        "pull": pull,
        "kind": words.PULL_KINDS[pull.kind],
        "state": words.PULL_STATES[pull.state],
        "stop_url": _url(seat, "stop_pull", connection_id, pull_id)
        if pull.state == PullState.RUNNING
        else "",
        "continue_url": _url(seat, "continue_pull", connection_id, pull_id)
        if pull.state in (PullState.FAILED, PullState.STOPPED)
        else "",
    }


def _url(seat: Seat, name: str, *args: str) -> str:
    return reverse(f"dashboard:{name}", args=[seat.merchant.slug, *args])
