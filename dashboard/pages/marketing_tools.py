"""Settings › Marketing tools: a webhook and Klaviyo, which messages are handed to; a test, and what they answer."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import words
from dashboard.access import Seat, merchant_view
from dashboard.settings_pages import settings_page
from dashboard.words import Label
from merchants import throttle
from merchants.audit import record_change
from merchants.ids import public_id, uuid7
from merchants.permissions import Permission
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from notifications.channels.klaviyo import KlaviyoConnection
from notifications.channels.tool import Told
from notifications.channels.webhook import WebhookConnection
from notifications.choices import TOOLS, Channel
from notifications.marketing_tools import commands, queries
from notifications.marketing_tools.handed import example
from notifications.marketing_tools.models import MarketingTool

_TESTS, _WINDOW = 5, 600
# Session: id of the webhook whose secret is shown on the next page, and never again.
_SHOW_SECRET = "tool_secret"  # noqa: S105  # the name of a session entry
# By the field that they are about.
_REFUSED: dict[str, Promise] = {
    "url": gettext_lazy(
        "We cannot send to this address. It has to be an https address that the internet can reach,"
        " on port 443, 80 or 8080, without a password in it."
    ),
    "api_key": gettext_lazy(
        "This is no private API key. It begins with pk_ and stands in Klaviyo under Settings › API keys."
    ),
}


class WebhookForm(forms.Form):
    """Where messages are posted to."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2000,
        help_text=gettext_lazy("The https address of the program that writes to your customers."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "placeholder": "https://shop.example/messages"}
        ),
    )


class KlaviyoForm(forms.Form):
    """What opens the account. Never shown again."""

    api_key = forms.CharField(
        label=gettext_lazy("Private API key"),
        max_length=300,
        help_text=gettext_lazy(
            "With full access to events; nothing else is needed. Stored encrypted and never shown again."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "placeholder": "pk_…"}),
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def marketing_tools(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Both tools. The POST sets up the one that `tool` names."""
    chosen = request.POST.get("tool", "")
    forms_ = _forms(request, chosen)
    if request.method != "POST":
        return _show(request, seat, forms_)
    if chosen not in TOOLS:
        raise Http404
    form = forms_[chosen]
    if form.is_valid():
        known = queries.tool_of(chosen)
        try:
            if chosen == Channel.WEBHOOK:
                saved = commands.save_webhook(seat.merchant, form.cleaned_data["url"])
            else:
                saved = commands.save_klaviyo(seat.merchant, form.cleaned_data["api_key"])
        except Unprocessable as problem:
            form.add_error(problem.param, str(_REFUSED[problem.param]))
        else:
            if chosen == Channel.WEBHOOK and not (known and known.secret):
                request.session[_SHOW_SECRET] = str(saved.pk)
            messages.success(request, _("Saved. Choose it for a message under “Message texts”."))
            return redirect("dashboard:marketing_tools", seat.merchant.slug)
    return _show(request, seat, forms_, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def new_tool_secret(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Asks first; the POST makes a new secret for the webhook and shows it."""
    if queries.tool_of(Channel.WEBHOOK) is None:
        raise Http404
    if request.method == "POST":
        request.session[_SHOW_SECRET] = str(commands.rotate_secret(seat.merchant).pk)
        return redirect("dashboard:marketing_tools", seat.merchant.slug)
    context = {
        "title": _("Make a new secret?"),
        "text": _(
            "For 24 hours every message carries two signatures, one of the new secret and one of the present one, so"
            " that your program can change over."
        ),
        "button": _("Make a new secret"),
        "keep": _("Keep the secret"),
        "back": _page(seat),
    }
    return settings_page(request, seat, "marketing_tools", "dashboard/confirm.html", context)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def test_tool(request: HttpRequest, seat: Seat, channel: str) -> HttpResponse:
    """Hand over a message to the person who asks, about nothing, and say what the tool answered."""
    tool = _tool(channel)
    address = seat.user.email or seat.user.get_username()
    if seat.merchant.is_sandbox:
        messages.error(request, _("A sandbox sends nothing to anybody."))
    elif "@" not in address:
        messages.error(request, _("Your account has no e-mail address."))
    elif throttle.hit("tool-test", seat.merchant.pk, limit=_TESTS, window=_WINDOW):
        messages.error(request, _("That was very often. Wait some minutes."))
    elif not tool.secret:
        messages.error(request, _("Its secret cannot be read any more. Enter it anew."))
    else:
        told = _hand(seat, tool, address)
        if told.is_taken:
            messages.success(request, _("It was taken: %(answer)s.") % {"answer": told.status})
        else:
            messages.error(request, _("It was not taken: %(why)s") % {"why": told.detail})
    return redirect("dashboard:marketing_tools", seat.merchant.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def remove_tool(request: HttpRequest, seat: Seat, channel: str) -> HttpResponse:
    """Asks first; the POST forgets the tool."""
    name = words.CHANNELS[_tool(channel).channel]
    if request.method == "POST":
        commands.remove(seat.merchant, channel)
        messages.success(
            request, _("%(tool)s is removed. Nothing is handed to it any more.") % {"tool": name}
        )
        return redirect("dashboard:marketing_tools", seat.merchant.slug)
    context = {
        "title": _("Remove %(tool)s?") % {"tool": name},
        "text": _(
            "Its address and key are forgotten. Messages that name it go by their next channel; those with no other"
            " are not sent."
        ),
        "button": _("Remove it"),
        "keep": _("Keep it"),
        "back": _page(seat),
    }
    return settings_page(request, seat, "marketing_tools", "dashboard/confirm.html", context)


def _tool(channel: str) -> MarketingTool:
    tool = queries.tool_of(channel) if channel in TOOLS else None
    if tool is None:
        raise Http404
    return tool


def _hand(seat: Seat, tool: MarketingTool, address: str) -> Told:
    test = example(
        public_id("msg", uuid7()), address, seat.merchant.locale,
        _("A test from %(shop)s") % {"shop": " ".join(seat.merchant.name.split())[:80]},
        _("This is how messages arrive. Nothing has happened."),
    )  # fmt: skip
    connection = WebhookConnection() if tool.channel == Channel.WEBHOOK else KlaviyoConnection()
    told = connection.hand(tool, test)
    if told.is_taken:
        commands.note_success(seat.merchant, tool)
    else:
        commands.note_failure(seat.merchant, tool, told.detail)
    with merchant_transaction(seat.merchant):
        record_change("marketing_tool.tested", label=tool.channel)
    return told


def _forms(request: HttpRequest, chosen: str) -> dict[str, forms.Form]:
    found = queries.tools()
    url = found[Channel.WEBHOOK].url if Channel.WEBHOOK in found else ""
    return {
        Channel.WEBHOOK: WebhookForm(
            request.POST if chosen == Channel.WEBHOOK else None, initial={"url": url}, prefix="webhook"
        ),
        Channel.KLAVIYO: KlaviyoForm(request.POST if chosen == Channel.KLAVIYO else None, prefix="klaviyo"),
    }


def _show(
    request: HttpRequest, seat: Seat, forms_: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    found = queries.tools()
    hook, klaviyo = found.get(Channel.WEBHOOK), found.get(Channel.KLAVIYO)
    context: dict[str, Any] = {
        "cards": [_card(seat, each, found.get(each), forms_[each]) for each in TOOLS],
        "secret": hook.secret if hook and request.session.pop(_SHOW_SECRET, "") == str(hook.pk) else "",
        "is_rotating": bool(hook and hook.old_secret_until and hook.old_secret_until > timezone.now()),
        "hook": hook,
        "masked": f"pk_…{klaviyo.secret[-4:]}" if klaviyo and klaviyo.secret else "",
    }
    return settings_page(
        request, seat, "marketing_tools", "dashboard/settings/marketing_tools.html", context, status=status
    )


def _card(seat: Seat, channel: Channel, tool: MarketingTool | None, form: forms.Form) -> dict[str, Any]:
    log = reverse("dashboard:messages", args=[seat.merchant.slug])
    return {
        "channel": channel.value,
        "name": words.CHANNELS[channel],
        "tool": tool,
        "form": form,
        "state": _state(tool),
        "has_facts": bool(
            tool and (tool.last_success_at or tool.last_failure_at or tool.old_secret_until or not tool.url)
        ),
        "log_url": f"{log}?channel={channel}",
    }


def _state(tool: MarketingTool | None) -> Label:
    if tool is None:
        return Label(_("Not set up"))
    if not tool.secret:
        return Label(_("Secret lost"), "bad")
    if tool.failing_since:
        return Label(_("Failing"), "bad")
    return Label(_("Works"), "ok") if tool.last_success_at else Label(_("Not used yet"), "info")


def _page(seat: Seat) -> str:
    return reverse("dashboard:marketing_tools", args=[seat.merchant.slug])
