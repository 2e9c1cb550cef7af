"""The editor of a mail's blocks: their list, how it looks, and the way back to our design."""

from typing import Any

from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import words
from dashboard.access import Seat, merchant_view
from dashboard.messaging import block_drafts as drafts
from dashboard.messaging import block_fields, look
from dashboard.messaging.block_drafts import Draft
from dashboard.messaging.look import Place
from dashboard.messaging.pages import framed, number, place_of, send_test
from dashboard.settings_pages import settings_page
from merchants.permissions import Permission
from merchants.rest.errors import Conflict
from notifications import block_rules, own_blocks, own_words, variables
from notifications.models import WordsVersion
from notifications.rendering.catalog import LOCALES


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def message_blocks(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """The blocks of one mail. Its buttons change the list in the form; only "save" saves, as a new version.

    `?locale=` and `?variant=` say which mail, `?from=` begins with the blocks of another language.
    """
    place = _composed_place(request, seat, touchpoint)
    version = own_words.latest(touchpoint, place.locale)
    based_on = version.number if version else 0
    if request.method != "POST":
        return _show(
            request, seat, place, _draft(place, version, request.GET.get("from", "")), version, based_on
        )
    draft = drafts.posted(request.POST)
    drafts.keep_pictures(draft, seat.merchant, request.FILES)
    based_on = number(request.POST.get("based_on", "")) or 0
    do = request.POST.get("do", "save")
    if do not in ("save", "test"):
        taken = [
            each["id"] for each in own_blocks.blocks_of(version, touchpoint, place.locale, place.variant)
        ]
        changed = drafts.change(draft, do, request.POST.get("add_kind", ""), taken)
        return _show(request, seat, place, draft, version, based_on, changed=changed, is_changed=True)
    draft.errors = {**_faults(place, draft), **draft.errors}
    if draft.errors:
        return _show(request, seat, place, draft, version, based_on, status=422)
    if do == "test":
        send_test(request, seat, place, _texts(place, version, draft), draft.blocks)
        return _show(request, seat, place, draft, version, based_on, is_changed=True)
    try:
        own_blocks.save(
            seat.merchant, touchpoint, place.locale, place.variant, draft.head, draft.blocks, based_on=based_on
        )  # fmt: skip
    except Conflict:
        why = _("Somebody else saved this message meanwhile. Look at the versions below, then save again.")
        draft.errors["", ""] = why
        return _show(request, seat, place, draft, version, version.number if version else 0, status=409)
    toasts.success(request, _("Saved. The next message goes out with these blocks."))
    return redirect(_address(seat, place))


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def drop_blocks(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """Our design again; the blocks stay among the versions."""
    place = _composed_place(request, seat, touchpoint)
    based_on = number(request.POST.get("based_on", ""))
    try:
        own_blocks.drop(seat.merchant, touchpoint, place.locale, place.variant, based_on=based_on or 0)
    except Conflict:
        toasts.error(request, _("Somebody else saved this message meanwhile. Nothing was changed."))
    else:
        toasts.success(
            request, _("This message goes out in our design again. Your blocks are among the versions.")
        )
    return redirect(_address(seat, place, "message_kind"))


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def blocks_look(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """How the blocks that are being typed look (a fragment)."""
    place = _composed_place(request, seat, touchpoint)
    draft = drafts.posted(request.POST)
    version = own_words.latest(touchpoint, place.locale)
    shown = look.look(seat, place, _texts(place, version, draft), draft.blocks, drafts.packed(draft))
    return render(request, "dashboard/settings/_message_look.html", shown)


@require_safe
@xframe_options_sameorigin
@merchant_view(needs=Permission.SETTINGS)
def blocks_preview(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """The mail itself, for a frame: `?scheme=` light or dark, the blocks in the address."""
    place = _composed_place(request, seat, touchpoint)
    draft = drafts.unpacked(request.GET.get("draft", ""))
    if draft is None or not draft.blocks:
        raise Http404
    version = own_words.latest(touchpoint, place.locale)
    return framed(request, seat, place, _texts(place, version, draft), draft.blocks)


def _composed_place(request: HttpRequest, seat: Seat, touchpoint: str) -> Place:
    if not block_rules.can_be_composed(touchpoint):
        raise Http404
    return place_of(request, seat, touchpoint)


def _draft(place: Place, version: WordsVersion | None, begin_with: str) -> Draft:
    """What is in use; else the blocks of another language, to be translated, or our design as blocks."""
    touchpoint, locale, variant = place.touchpoint, place.locale, place.variant
    own = own_words.shown(touchpoint, locale, variant, version.words if version else {})
    head = {name: own[name] for name in block_rules.HEAD}
    other = own_words.latest(touchpoint, begin_with) if begin_with in LOCALES else None
    if other and other.blocks.get(variant):
        return Draft(head, own_blocks.blocks_of(other, touchpoint, begin_with, variant))
    return Draft(head, own_blocks.blocks_of(version, touchpoint, locale, variant))


def _texts(place: Place, version: WordsVersion | None, draft: Draft) -> dict[str, str]:
    """All words of the message: those beside the blocks as they are kept."""
    kept = own_words.shown(place.touchpoint, place.locale, place.variant, version.words if version else {})
    return {**kept, **draft.head}


def _faults(place: Place, draft: Draft) -> dict[block_rules.Place, str]:
    return block_rules.faults(place.touchpoint, place.locale, place.variant, draft.head, draft.blocks)


def _address(seat: Seat, place: Place, name: str = "message_blocks") -> str:
    return f"{reverse(f'dashboard:{name}', args=[seat.merchant.slug, place.touchpoint])}?{place.query}"


def _show(
    request: HttpRequest, seat: Seat, place: Place, draft: Draft, version: WordsVersion | None, based_on: int,
    *, changed: str = "", is_changed: bool = False, status: int = 200,
) -> HttpResponse:  # fmt: skip
    base = reverse("dashboard:message_blocks", args=[seat.merchant.slug, place.touchpoint])
    names = dict(look.languages())
    context: dict[str, Any] = {
        "name": words.TOUCHPOINTS.get(place.touchpoint, place.touchpoint),
        "place": place,
        "address": _address(seat, place),
        "words_url": _address(seat, place, "message_kind"),
        "look_url": _address(seat, place, "blocks_look"),
        "drop_url": _address(seat, place, "drop_blocks"),
        "restore_url": _address(seat, place, "restore_words") + "&to=blocks",
        "based_on": based_on,
        "is_composed": bool(version and version.blocks.get(place.variant)),
        "is_changed": is_changed,
        "is_wrong": status in (409, 422),
        "error": draft.errors.get(("", ""), ""),
        "faults": block_fields.faults(place, draft) if status == 422 else [],
        "head": block_fields.head(draft),
        "cards": block_fields.cards(place, draft, changed),
        "kinds": block_fields.kinds(place.touchpoint),
        "variables": variables.known(place.touchpoint, place.locale),
        "languages": look.choices(base, place, "locale"),
        "variants": look.choices(base, place, "variant"),
        "others": [
            (names[locale], f"{_address(seat, place)}&from={locale}")
            for locale in look.composed_in(place)
            if locale != place.locale
        ],
        "versions": look.versions(place),
        "own_address": seat.user.email or seat.user.get_username(),
        **look.look(seat, place, _texts(place, version, draft), draft.blocks, drafts.packed(draft)),
    }
    return settings_page(
        request, seat, "messages", "dashboard/settings/message_blocks.html", context, status=status
    )
