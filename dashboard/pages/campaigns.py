"""B11: campaigns: written, tried on oneself, let go, held, ended, and what became of them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import formats, listing
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.mail_frame import in_frame
from dashboard.messaging.words import PLACES
from dashboard.shell import page
from dashboard.words import Label, label
from merchants import throttle
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Conflict, NotFound, Problem
from notifications import own_words
from notifications.campaigns import commands
from notifications.campaigns.models import Campaign, CampaignState
from notifications.campaigns.queries import get_campaign, report
from notifications.channels import trial
from notifications.reasons import sentence
from notifications.rendering.catalog import LOCALES
from notifications.trying import Look, look
from orders.segments.queries import all_segments, count, get_segment

STATES: dict[str, Label] = {
    CampaignState.DRAFT: Label(gettext_lazy("Draft")),
    CampaignState.SCHEDULED: Label(gettext_lazy("Scheduled"), "info"),
    CampaignState.PLANNING: Label(gettext_lazy("Going out"), "info"),
    CampaignState.SENDING: Label(gettext_lazy("Going out"), "info"),
    CampaignState.PAUSED: Label(gettext_lazy("Held"), "warn"),
    CampaignState.CANCELLED: Label(gettext_lazy("Ended by hand")),
    CampaignState.DONE: Label(gettext_lazy("Done"), "ok"),
}
_LANGUAGES = {"en": gettext_lazy("English"), "de": gettext_lazy("German")}
_WORDED = ("subject", "preheader", "eyebrow", "heading", "lead", "button", "next_title", "next")
_LONG = ("lead", "next")
_TESTS, _WINDOW = 5, 600
_RUNNING = (CampaignState.PLANNING, CampaignState.SENDING)


class CampaignForm(forms.Form):
    """A campaign as it is written: to whom, when, how fast, and its words in each language."""

    name = forms.CharField(
        label=gettext_lazy("Name, for your team"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    segment = forms.ChoiceField(label=gettext_lazy("To whom"))
    starts_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        help_text=gettext_lazy("Empty: as soon as you let it go. In your shop’s time zone."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    per_minute = forms.IntegerField(
        label=gettext_lazy("Messages a minute"), min_value=1, max_value=60_000, initial=600,
        help_text=gettext_lazy("Slower is kinder to your shop: not everybody comes at once."),
    )  # fmt: skip
    url = forms.URLField(
        label=gettext_lazy("Where the button leads"), max_length=1000, required=False, assume_scheme="https",
        help_text=gettext_lazy("Empty: to your shop."),
    )  # fmt: skip

    def __init__(self, zone: ZoneInfo, data: Any = None, row: Campaign | None = None) -> None:
        initial: dict[str, Any] = {}
        if row is not None:
            at = row.starts_at.astimezone(zone).replace(tzinfo=None) if row.starts_at else None
            initial = {
                "name": row.name,
                "segment": row.segment,
                "per_minute": row.per_minute,
                "url": row.url,
                "starts_at": at,
            }
        super().__init__(data, initial=initial)
        self.zone = zone
        self.fields["segment"].choices = [(each.ref, each.name) for each in all_segments()]  # type: ignore[attr-defined]
        own = row.words if row is not None else {}
        for locale in LOCALES:
            for place, text in own_words.shown(
                commands.TOUCHPOINT, locale, "", {"": own.get(locale, {})}
            ).items():
                if place in _WORDED:
                    self.fields[f"{locale}_{place}"] = forms.CharField(
                        label=str(PLACES[place]), required=False, initial=text, max_length=own_words.LONGEST[place],
                        widget=forms.Textarea(attrs={"rows": 4 if place in _LONG else 2}),
                    )  # fmt: skip

    def clean_starts_at(self) -> datetime | None:
        """The time of the shop's clock as a moment. The field reads it in the page's zone: its digits count."""
        at: datetime | None = self.cleaned_data["starts_at"]
        return at.replace(tzinfo=self.zone) if at else None

    def texts(self, locale: str) -> dict[str, str]:
        """The words of a language, on one line each. An empty field says the built-in ones, so it is left out."""
        names = {place: f"{locale}_{place}" for place in _WORDED if f"{locale}_{place}" in self.fields}
        values = {place: str(self[name].value() or "") for place, name in names.items()}
        texts = {place: " ".join(text.replace("\0", "").split()) for place, text in values.items()}
        return {place: text for place, text in texts.items() if text}

    def clean(self) -> dict[str, Any]:
        """Words that cannot be filled are told at their field."""
        given: dict[str, Any] = super().clean() or {}
        for locale in LOCALES:
            standing = own_words.built_in(commands.TOUCHPOINT, locale, "")
            for place, why in own_words.faults(
                commands.TOUCHPOINT, locale, "", {**standing, **self.texts(locale)}
            ).items():
                self.add_error(f"{locale}_{place}" if f"{locale}_{place}" in self.fields else None, why)
        return given

    def said(self) -> commands.CampaignIn:
        """What is saved. A language in which nothing was changed says the built-in words."""
        given = self.cleaned_data
        return commands.CampaignIn(
            given["name"], given["segment"], {locale: self.texts(locale) for locale in LOCALES}, given["url"],
            given["starts_at"], given["per_minute"],
        )  # fmt: skip

    def languages(self) -> list[tuple[Any, list[Any]]]:
        """The fields of the words, by language."""
        return [
            (_LANGUAGES[locale], [self[name] for name in self.fields if name.startswith(f"{locale}_")])
            for locale in LOCALES
        ]


@require_safe
@merchant_view()
def campaigns(request: HttpRequest, seat: Seat) -> HttpResponse:
    """All campaigns, newest first."""
    stretch = listing.newest(request, Campaign.objects.all(), by="created_at")
    names = {each.ref: each.name for each in all_segments()}
    rows = [
        {
            "row": row,
            "url": f"{public_id('cmp', row.pk)}/",
            "state": label(STATES, row.state),
            "segment": names.get(row.segment, _("a segment that is gone")),
            "at": row.begun_at or row.starts_at,
        }
        for row in stretch.rows
    ]
    context = {"rows": rows, "stretch": stretch}
    return page(request, seat, "dashboard/campaigns.html", context, section="messages")


@require_safe
@merchant_view()
def campaign(request: HttpRequest, seat: Seat, campaign_id: str) -> HttpResponse:
    """One campaign: how far it is and what became of it."""
    row = _get(campaign_id)
    found = report(seat.merchant, row)
    try:
        segment = get_segment(row.segment)
        name, now_in = segment.name, count(segment.rule)
    except NotFound:
        name, now_in = _("a segment that is gone"), 0
    total = max(row.audience, row.planned)
    context = {
        "row": row,
        "state": label(STATES, row.state),
        "segment": name,
        "segment_url": f"/app/{seat.merchant.slug}/customers/segments/{row.segment}/",
        "people": ngettext("%(count)d customer", "%(count)d customers", now_in) % {"count": now_in},
        "is_new": row.state in (CampaignState.DRAFT, CampaignState.SCHEDULED),
        "moves": _moves(row.state),
        "report": found,
        "over": found.planned - found.waiting,
        "total": total,
        "skipped": [(sentence(reason), number) for reason, number in found.skipped.items()],
        "revenue": formats.money(found.revenue, seat.merchant.currency),
        "previews": [(_LANGUAGES[locale], f"preview/?locale={locale}") for locale in LOCALES],
    }
    return page(request, seat, "dashboard/campaign.html", context, section="messages")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def campaign_new(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form of a new campaign."""
    return _edit(request, seat, None)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def campaign_edit(request: HttpRequest, seat: Seat, campaign_id: str) -> HttpResponse:
    """The form of a campaign that has not begun."""
    return _edit(request, seat, _get(campaign_id))


@require_POST
@merchant_view(needs=Permission.ACT)
def campaign_move(request: HttpRequest, seat: Seat, campaign_id: str) -> HttpResponse:
    """Let it go, hold it, let it go on, end it; or send it to oneself."""
    row = _get(campaign_id)
    if request.POST.get("move") == "test":
        _test(request, seat, row)
        return redirect("dashboard:campaign", seat.merchant.slug, campaign_id)
    do = {
        "schedule": commands.schedule, "pause": commands.pause, "resume": commands.resume, "cancel": commands.cancel,
    }.get(request.POST.get("move", "schedule"))  # fmt: skip
    if do is None:
        raise Http404
    try:
        do(seat.merchant, row.pk)
    except Conflict:
        toasts.error(request, _("The campaign has moved on meanwhile."))
    except NotFound:
        toasts.error(request, _("Its segment is gone. Choose another one."))
    return redirect("dashboard:campaign", seat.merchant.slug, campaign_id)


@require_safe
@xframe_options_sameorigin
@merchant_view()
def campaign_preview(request: HttpRequest, seat: Seat, campaign_id: str) -> HttpResponse:
    """The mail in `?locale=`, under a policy that lets it do nothing."""
    locale = request.GET.get("locale", LOCALES[0])
    return in_frame(_look(seat, _get(campaign_id), locale if locale in LOCALES else LOCALES[0]).mail.html)


def _edit(request: HttpRequest, seat: Seat, row: Campaign | None) -> HttpResponse:
    zone = ZoneInfo(seat.merchant.timezone)
    form = CampaignForm(zone, request.POST if request.method == "POST" else None, row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = commands.save_campaign(seat.merchant, form.said(), campaign_id=row.pk if row else None)
        except Conflict:
            toasts.error(request, _("The campaign has begun: it does not change any more."))
            return redirect("dashboard:campaign", seat.merchant.slug, public_id("cmp", row.pk))  # type: ignore[union-attr]
        except Problem as problem:
            form.add_error(None, str(problem.detail))
        else:
            return redirect("dashboard:campaign", seat.merchant.slug, public_id("cmp", saved.pk))
    context = {"form": form, "row": row}
    status = 422 if request.method == "POST" else 200
    return page(request, seat, "dashboard/campaign_edit.html", context, section="messages", status=status)


def _test(request: HttpRequest, seat: Seat, row: Campaign) -> None:
    """Send it to oneself, in each language."""
    address = seat.user.email or seat.user.get_username()
    if "@" not in address:
        toasts.error(request, _("Your account has no e-mail address."))
        return
    if throttle.hit("message-test", seat.merchant.pk, limit=_TESTS, window=_WINDOW):
        toasts.error(request, _("That was very often. Wait some minutes."))
        return
    failures = [
        trial.send_message(seat.merchant, address, _look(seat, row, locale).mail) for locale in LOCALES
    ]
    if failure := next((each for each in failures if each), ""):
        toasts.error(request, _("The mail server did not take it: %(why)s") % {"why": failure})
    else:
        toasts.success(request, _("Sent to %(address)s in every language.") % {"address": address})


def _moves(state: str) -> list[tuple[str, Any, str]]:
    """What can be done with it: (move, words, class of the button)."""
    known = {
        "schedule": (_("Let it go"), "is-primary"), "pause": (_("Hold"), ""), "resume": (_("Go on"), "is-primary"),
        "cancel": (_("End it"), "is-danger"),
    }  # fmt: skip
    can = {
        CampaignState.DRAFT: ("schedule", "cancel"), CampaignState.SCHEDULED: ("pause", "cancel"),
        CampaignState.PLANNING: ("pause", "cancel"), CampaignState.SENDING: ("pause", "cancel"),
        CampaignState.PAUSED: ("resume", "cancel"),
    }.get(CampaignState(state), ())  # fmt: skip
    return [(move, *known[move]) for move in can]


def _look(seat: Seat, row: Campaign, locale: str) -> Look:
    texts = {**own_words.built_in(commands.TOUCHPOINT, locale, ""), **row.words.get(locale, {})}
    return look(seat.merchant, commands.TOUCHPOINT, locale, "", texts)


def _get(campaign_id: str) -> Campaign:
    try:
        return get_campaign(id_or_404("cmp", campaign_id))
    except NotFound:
        raise Http404 from None
