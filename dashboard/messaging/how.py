"""The page of how a message goes out: trigger, moment, conditions, channels, reminder, holdout, and its versions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard import words
from dashboard.access import Seat, merchant_view
from dashboard.messaging import condition_rows, sentences
from dashboard.messaging.words import MOMENTS
from dashboard.settings_pages import settings_page
from merchants.permissions import Permission
from merchants.rest.errors import Conflict, Problem
from notifications.choices import TOOLS, Reach
from notifications.conditions import Condition
from notifications.holdout import MEASURED, MOST_PERCENT
from notifications.models import TouchpointVersion
from notifications.switches import LONGEST_REMINDER, Switch, set_switch, switch_of, switches, triggers
from notifications.touchpoints import TOUCHPOINTS

_VERSIONS = 10
_UNITS = {"minutes": 60, "hours": 3600, "days": 86400}
_UNIT_WORDS = [
    ("minutes", gettext_lazy("minutes")), ("hours", gettext_lazy("hours")), ("days", gettext_lazy("days")),
]  # fmt: skip


class HowForm(forms.Form):
    """How a message goes out; its conditions are rows beside it (`condition_rows`)."""

    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    is_on = forms.BooleanField(label=gettext_lazy("Send this message"), required=False)
    trigger = forms.MultipleChoiceField(
        label=gettext_lazy("Set off by something else"), required=False,
        help_text=gettext_lazy("Nothing chosen: as it says above. Then it is told once an order or parcel."),
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )  # fmt: skip
    after = forms.IntegerField(
        label=gettext_lazy("How much later"), min_value=0, max_value=525_600, initial=0
    )
    unit = forms.ChoiceField(label=gettext_lazy("Counted in"), choices=_UNIT_WORDS)
    at = forms.TimeField(
        label=gettext_lazy("At a time of day"), required=False,
        help_text=gettext_lazy("By the shopper’s clock. Empty: whenever it is due."),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )  # fmt: skip
    reach = forms.ChoiceField(
        label=gettext_lazy("Which channels"),
        choices=[
            (Reach.ALL, gettext_lazy("Over all of them")),
            (Reach.FIRST, gettext_lazy("Over the first that reaches the shopper")),
        ],
        widget=forms.RadioSelect,
    )
    remind_days = forms.IntegerField(
        label=gettext_lazy("Once more after so many days"), min_value=0, max_value=LONGEST_REMINDER, initial=0,
        help_text=gettext_lazy("Unless it was opened, clicked or acted upon. 0: never."),
    )  # fmt: skip
    holdout = forms.IntegerField(
        label=gettext_lazy("Held out, in percent"), required=False, min_value=0, max_value=MOST_PERCENT,
        help_text=gettext_lazy("So many shoppers do not get it, so that its effect can be measured."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, touchpoint: str, how: Switch, tools: Sequence[str]) -> None:
        """tools: the channels of the marketing tools that are set up; others are offered only where they are chosen."""
        seconds = int(how.delay.total_seconds())
        unit = next((u for u in ("days", "hours") if seconds and seconds % _UNITS[u] == 0), "minutes")
        known = TOUCHPOINTS[touchpoint]
        mine = [each for each in how.channels if each in known.possible]
        offered = [each for each in known.possible if each not in TOOLS or each in {*tools, *mine}]
        initial = {
            "based_on": how.version, "is_on": how.is_on, "trigger": list(how.trigger), "unit": unit,
            "after": seconds // _UNITS[unit], "at": how.at, "reach": how.reach,
            "remind_days": how.remind_days, "holdout": how.holdout,
            **{f"channel_{place}": each for place, each in enumerate(mine)},
        }  # fmt: skip
        super().__init__(data, initial=initial)
        self.how = how
        choices = [(kind, sentences.fact(kind)) for kind in triggers()]
        self.fields["trigger"].choices = sorted(choices, key=lambda each: each[1])  # type: ignore[attr-defined]
        self.places = [f"channel_{place}" for place in range(len(offered))]
        none = [("", _("none"))]
        for place, name in enumerate(self.places):
            self.fields[name] = forms.ChoiceField(
                label=_("Channel %(n)d") % {"n": place + 1}, required=False,
                choices=[*none, *((str(each), words.CHANNELS[each]) for each in offered)],
            )  # fmt: skip
        if len(offered) < 2:
            del self.fields["reach"]
        if known.message_class not in MEASURED:
            del self.fields["holdout"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        chosen = [given[name] for name in self.places if given.get(name)]
        if given.get("is_on") and not chosen:
            self.add_error("channel_0", _("Choose at least one channel, or switch the message off."))
        if len(set(chosen)) < len(chosen):
            self.add_error(self.places[-1], _("This channel stands above already."))
        return given

    def settings(self, conditions: tuple[Condition, ...]) -> Switch:
        """What was chosen, once the form is valid."""
        given = self.cleaned_data
        return Switch(
            is_on=given["is_on"],
            channels=tuple(given[name] for name in self.places if given[name]),
            delay=timedelta(seconds=given["after"] * _UNITS[given["unit"]]),
            at=given["at"],
            trigger=tuple(given["trigger"]),
            conditions=conditions,
            reach=Reach(given.get("reach") or self.how.reach),
            remind_days=given["remind_days"],
            holdout=given.get("holdout"),
        )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def how_message(request: HttpRequest, seat: Seat, touchpoint: str) -> HttpResponse:
    """How one message goes out. Saving makes a new version; what is planned already keeps what it was planned with."""
    if touchpoint not in TOUCHPOINTS:
        raise Http404
    how = switches([touchpoint])[touchpoint]
    called, tools = sentences.names(), seat.merchant.marketing_tools
    if request.method != "POST":
        form = HowForm(touchpoint=touchpoint, how=how, tools=tools)
        return _show(request, seat, touchpoint, form, condition_rows.rows_of(how.conditions, called), called)
    form = HowForm(request.POST, touchpoint=touchpoint, how=how, tools=tools)
    rows = condition_rows.posted(request.POST, "only")
    asked = condition_rows.read(rows, called)
    status = 422
    if form.is_valid() and not any(row.error for row in rows):
        try:
            set_switch(
                seat.merchant, touchpoint, form.settings(asked), based_on=form.cleaned_data["based_on"]
            )
        except Conflict:
            form.add_error(
                None, _("Somebody else saved this meanwhile. Look at the versions below, then save again.")
            )
            form.data = request.POST.copy()
            form.data["based_on"] = str(how.version)
            status = 409
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            toasts.success(request, _("Saved. It holds for what happens from now on."))
            return redirect(reverse("dashboard:message_kind", args=[seat.merchant.slug, touchpoint]))
    return _show(request, seat, touchpoint, form, rows, called, status=status)


def _show(
    request: HttpRequest, seat: Seat, touchpoint: str, form: HowForm, rows: list[condition_rows.Row],
    called: sentences.Names, *, status: int = 200,
) -> HttpResponse:  # fmt: skip
    possible = TOUCHPOINTS[touchpoint].possible
    context = {
        "name": words.TOUCHPOINTS.get(touchpoint, touchpoint),
        "moment": MOMENTS.get(touchpoint, ""),
        "is_optional": TOUCHPOINTS[touchpoint].is_optional,
        "form": form,
        "channels": [form[name] for name in form.places],
        "conditions": condition_rows.shown("only", rows, called),
        "back_url": reverse("dashboard:message_kind", args=[seat.merchant.slug, touchpoint]),
        "versions": [
            {
                "row": row,
                "lines": sentences.settings(touchpoint, switch_of(row), possible, called),
                "is_on": switch_of(row).is_on,
            }
            for row in TouchpointVersion.objects.filter(touchpoint=touchpoint).order_by("-number")[:_VERSIONS]
        ],
    }
    return settings_page(
        request, seat, "messages", "dashboard/settings/message_how.html", context, status=status
    )
