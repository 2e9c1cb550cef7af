"""The list of messages that go out, and the page of one: its switch, its words, their look and their versions."""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import words
from dashboard.access import Seat, merchant_view
from dashboard.mail_frame import SCHEMES, in_frame
from dashboard.messaging import look, sentences
from dashboard.messaging.forms import WordsForm
from dashboard.messaging.look import Place
from dashboard.messaging.words import MOMENTS
from dashboard.settings_pages import settings_page
from merchants import throttle
from merchants.permissions import Permission
from merchants.rest.errors import Conflict
from notifications import block_rules, own_words, trying
from notifications.channels import trial
from notifications.models import WordsVersion
from notifications.rendering import TemplateError
from notifications.rendering.block_kinds import Block
from notifications.rendering.catalog import LOCALES, resolve_locale
from notifications.switches import switches
from notifications.touchpoints import TOUCHPOINTS

_TESTS, _WINDOW = 5, 600
# Pictures of other servers are not loaded here: a grey square stands for each.
_STRANGE_PICTURE = re.compile(r'src="https?://[^"]*"')
_NO_PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'%3E%3Crect width='1' height='1' fill='%23c9d1ce'/%3E%3C/svg%3E"  # noqa: E501


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def message_kinds(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Every message that can go out: when, over which channels, and whether its words are the shop's own."""
    how = switches(TOUCHPOINTS)
    newest = WordsVersion.objects.order_by("touchpoint", "locale", "-number").distinct("touchpoint", "locale")
    own = {(row.touchpoint, row.locale) for row in newest if row.words or row.blocks}
    context = {
        "rows": [
            {
                "name": words.TOUCHPOINTS.get(key, key),
                "moment": MOMENTS.get(key, ""),
                "url": reverse("dashboard:message_kind", args=[seat.merchant.slug, key]),
                "switch": how[key],
                "channels": [words.CHANNELS[c] for c in touchpoint.possible if how[key].sends(c)],
                "delay": sentences.moment(how[key].delay, how[key].at)
                if how[key].delay or how[key].at
                else "",
                "own": [locale for locale in LOCALES if (key, locale) in own],
            }
            for key, touchpoint in TOUCHPOINTS.items()
        ]
    }
    return settings_page(request, seat, "messages", "dashboard/settings/message_kinds.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def message_kind(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """One message. `?locale=` and `?variant=` say which words; the buttons save, show or mail them."""
    place = place_of(request, seat, touchpoint)
    version = own_words.latest(touchpoint, place.locale)
    if request.method != "POST":
        return _show(request, seat, place, _words_form(place, version), version)
    form = _words_form(place, version, request.POST)
    if "preview" in request.POST or not form.is_valid():
        return _show(request, seat, place, form, version, status=200 if "preview" in request.POST else 422)
    if "test" in request.POST:
        send_test(request, seat, place, form.texts(), place.blocks(version))
        return _show(request, seat, place, form, version)
    try:
        own_words.save(
            seat.merchant, touchpoint, place.locale, place.variant, form.texts(),
            based_on=form.cleaned_data["based_on"],
        )  # fmt: skip
    except Conflict:
        form.add_error(
            None, _("Somebody else saved these words meanwhile. Look at the versions below, then save again.")
        )
        return _show(request, seat, place, form, version, status=409)
    toasts.success(request, _("Saved. The next message goes out with these words."))
    return _back(seat, place)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def restore_words(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """An earlier version becomes the newest; what stood there stays among the versions."""
    place = place_of(request, seat, touchpoint)
    wanted = number(request.POST.get("number", ""))
    if wanted is None:
        raise Http404
    own_words.restore(seat.merchant, touchpoint, place.locale, wanted)
    toasts.success(request, _("Restored. What stood here is among the versions."))
    return _back(seat, place, "message_blocks" if request.GET.get("to") == "blocks" else "message_kind")


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def message_look(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """How the words that are being typed look (a fragment)."""
    place = place_of(request, seat, touchpoint)
    version = own_words.latest(touchpoint, place.locale)
    form = _words_form(place, version, request.GET)
    shown = look.look(seat, place, form.texts(), place.blocks(version))
    return render(request, "dashboard/settings/_message_look.html", shown)


@require_safe
@xframe_options_sameorigin
@merchant_view(needs=Permission.SETTINGS)
def message_preview(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """The mail itself, for a frame: `?scheme=` light or dark, the words in the address."""
    place = place_of(request, seat, touchpoint)
    version = own_words.latest(touchpoint, place.locale)
    form = _words_form(place, version, request.GET)
    return framed(request, seat, place, form.texts(), place.blocks(version))


def framed(
    request: HttpRequest, seat: Seat, place: Place, texts: dict[str, str], blocks: Sequence[Block]
) -> HttpResponse:
    """A mail as a page for a frame, as a mail program shows it in the colours of `?scheme=`."""
    scheme = request.GET.get("scheme", "")
    try:
        shown = trying.look(seat.merchant, place.touchpoint, place.locale, place.variant, texts, blocks)
        html = shown.mail.html
    except TemplateError as error:
        html = f"<p>{escape(_('The message cannot be filled: %(why)s.') % {'why': error})}</p>"
    html = html.replace(f'src="{settings.PUBLIC_URL}/p/', 'src="/p/')
    html = _STRANGE_PICTURE.sub(f'src="{_NO_PICTURE}"', html)
    return in_frame(html, scheme if scheme in SCHEMES else "light")


def number(text: str) -> int | None:
    """A version's number as it was sent, None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def place_of(request: HttpRequest, seat: Seat, touchpoint: str) -> Place:
    if touchpoint not in TOUCHPOINTS:
        raise Http404
    given = request.GET
    locale = given.get("locale", "")
    variant = given.get("variant", "")
    return Place(
        touchpoint,
        locale if locale in LOCALES else resolve_locale(seat.merchant.locale),
        variant if variant in own_words.variants(touchpoint) else "",
    )


def _words_form(place: Place, version: WordsVersion | None, data: Any = None) -> WordsForm:
    return WordsForm(
        data, touchpoint=place.touchpoint, locale=place.locale, variant=place.variant,
        own=version.words if version else {}, version=version.number if version else 0,
        is_composed=bool(place.blocks(version)),
    )  # fmt: skip


def _back(seat: Seat, place: Place, name: str = "message_kind") -> HttpResponse:
    address = reverse(f"dashboard:{name}", args=[seat.merchant.slug, place.touchpoint])
    return redirect(f"{address}?{place.query}")


def send_test(
    request: HttpRequest, seat: Seat, place: Place, texts: dict[str, str], blocks: Sequence[Block]
) -> None:
    """Mail a message to who asks, as it stands in the form, and say so."""
    address = seat.user.email or seat.user.get_username()
    if "@" not in address:
        toasts.error(request, _("Your account has no e-mail address."))
    elif throttle.hit("message-test", seat.merchant.pk, limit=_TESTS, window=_WINDOW):
        toasts.error(request, _("That was very often. Wait some minutes."))
    else:
        shown = trying.look(seat.merchant, place.touchpoint, place.locale, place.variant, texts, blocks)
        if failure := trial.send_message(seat.merchant, address, shown.mail):
            toasts.error(request, _("The mail server did not take it: %(why)s") % {"why": failure})
        else:
            toasts.success(request, _("Sent to %(address)s. Nothing was saved yet.") % {"address": address})


def _show(
    request: HttpRequest, seat: Seat, place: Place, form: WordsForm, version: WordsVersion | None,
    *, status: int = 200,
) -> HttpResponse:  # fmt: skip
    how = switches([place.touchpoint])[place.touchpoint]
    address = reverse("dashboard:message_kind", args=[seat.merchant.slug, place.touchpoint])
    context = {
        "name": words.TOUCHPOINTS.get(place.touchpoint, place.touchpoint),
        "moment": MOMENTS.get(place.touchpoint, ""),
        "place": place,
        "address": address,
        "is_optional": TOUCHPOINTS[place.touchpoint].is_optional,
        "form": form,
        "how": how,
        "how_lines": sentences.settings(
            place.touchpoint, how, TOUCHPOINTS[place.touchpoint].possible, sentences.names(how.conditions)
        ),
        "how_url": reverse("dashboard:how_message", args=[seat.merchant.slug, place.touchpoint]),
        "languages": look.choices(address, place, "locale"),
        "variants": look.choices(address, place, "variant"),
        "versions": look.versions(place),
        "is_own": bool(version and (version.words or version.blocks)),
        "composed": len(place.blocks(version)),
        "blocks_url": f"{address}blocks/?{place.query}"
        if block_rules.can_be_composed(place.touchpoint)
        else "",
        "restore_url": f"{address}restore/?{place.query}",
        "own_address": seat.user.email or seat.user.get_username(),
        **look.look(seat, place, form.texts(), place.blocks(version)),
    }
    return settings_page(
        request, seat, "messages", "dashboard/settings/message_kind.html", context, status=status
    )
