"""Settings › Message rules: quiet hours, caps, senders by stream, topics, and what the checkout tells customers."""

from datetime import time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.access import Seat, merchant_view
from dashboard.settings_pages import settings_page
from merchants.permissions import Permission
from merchants.rest.errors import Unprocessable
from notifications.choices import Channel
from notifications.classes import RULES
from notifications.consent.choices import Topic
from notifications.consent.countries import country_rules
from notifications.consent.rules import LONGEST_PAGE, MOST_DAYS, MOST_MESSAGES, Rules, rules, set_rules

_QUIET = (Channel.EMAIL.value, Channel.SMS.value)
_CAPPED = tuple(kind for kind, row in RULES.items() if row.is_capped)
_STREAMS = ("service", "marketing")
_TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class RulesForm(forms.Form):
    """Every rule that holds for all messages of the shop."""

    quiet_email_from = forms.TimeField(label=gettext_lazy("E-mail: from"), required=False, widget=_TIME)
    quiet_email_to = forms.TimeField(label=gettext_lazy("until"), required=False, widget=_TIME)
    quiet_sms_from = forms.TimeField(label=gettext_lazy("Text messages: from"), required=False, widget=_TIME)
    quiet_sms_to = forms.TimeField(label=gettext_lazy("until"), required=False, widget=_TIME)
    cap_service = forms.IntegerField(
        label=gettext_lazy("Tips, reviews, surveys: at most"),
        required=False,
        min_value=1,
        max_value=MOST_MESSAGES,
    )
    days_service = forms.IntegerField(
        label=gettext_lazy("in so many days"), required=False, min_value=1, max_value=MOST_DAYS
    )
    cap_marketing = forms.IntegerField(
        label=gettext_lazy("Advertising: at most"), required=False, min_value=1, max_value=MOST_MESSAGES
    )
    days_marketing = forms.IntegerField(
        label=gettext_lazy("in so many days"), required=False, min_value=1, max_value=MOST_DAYS
    )
    name_service = forms.CharField(
        label=gettext_lazy("Tips, reviews, surveys: name"), required=False, max_length=120
    )
    email_service = forms.EmailField(label=gettext_lazy("From"), required=False)
    name_marketing = forms.CharField(label=gettext_lazy("Advertising: name"), required=False, max_length=120)
    email_marketing = forms.EmailField(label=gettext_lazy("From"), required=False)
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("What people can choose"),
        choices=Topic.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    review_url = forms.CharField(
        label=gettext_lazy("Your page for reviews"),
        required=False,
        max_length=LONGEST_PAGE,
        help_text=gettext_lazy(
            "Begins with https://. {order} stands for the order's number, {language} for the shopper's language,"
            " {answer} for the stars that were chosen in the message, where it shows some (5 to 1)."
        ),
    )
    survey_url = forms.CharField(
        label=gettext_lazy("Your page for surveys"),
        required=False,
        max_length=LONGEST_PAGE,
        help_text=gettext_lazy(
            "{answer} stands for the answer that was chosen in the message, 5 for the best to 1 for the worst,"
            " {survey} for which survey it is: delivery, shop, return or support. {order} and {language} as above."
        ),
    )
    notice = forms.CharField(
        label=gettext_lazy("What your checkout tells customers"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "Word for word, that you will write to them about similar goods, and that they can object at any time."
            " From then on every sale is noted as such. Empty: customers are not written to without their consent."
        ),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        pairs = [(f"quiet_{channel}_from", f"quiet_{channel}_to") for channel in _QUIET]
        for first, second in [*pairs, *((f"cap_{kind}", f"days_{kind}") for kind in _CAPPED)]:
            if not (first in self.errors or second in self.errors):
                if (given.get(first) is None) != (given.get(second) is None):
                    self.add_error(first, _("Fill in both, or neither."))
                elif (
                    given.get(first) is not None
                    and first.startswith("quiet")
                    and given[first] == given[second]
                ):
                    self.add_error(first, _("That is the whole day."))
        for name in ("review_url", "survey_url"):
            if given.get(name) and (not given[name].startswith("https://") or " " in given[name]):
                self.add_error(name, _("This has to begin with https://."))
        if given.get("survey_url") and "{answer}" not in given["survey_url"]:
            self.add_error("survey_url", _("{answer} has to stand in it: it says which answer was chosen."))
        return given

    def rules(self, now: Rules) -> Rules:
        """What was typed; what the page does not show stays as it is."""
        given = self.cleaned_data
        quiet: dict[str, tuple[time, time]] = {
            channel: pair for channel, pair in now.quiet.items() if channel not in _QUIET
        }
        quiet |= {
            channel: (given[f"quiet_{channel}_from"], given[f"quiet_{channel}_to"])
            for channel in _QUIET
            if given[f"quiet_{channel}_from"] is not None
        }
        return Rules(
            quiet=quiet,
            caps={
                kind: (given[f"cap_{kind}"], given[f"days_{kind}"])
                for kind in _CAPPED
                if given[f"cap_{kind}"]
            },
            streams={
                name: {"email": given[f"email_{name}"].lower(), "name": given[f"name_{name}"]}
                for name in _STREAMS
            },
            topics=tuple(given["topics"]),
            notice=given["notice"],
            review_url=given["review_url"],
            survey_url=given["survey_url"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def message_rules(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form, and the table of countries that consent is judged by."""
    now = rules()
    if request.method != "POST":
        return _show(request, seat, RulesForm(initial=_initial(now)), now)
    form = RulesForm(request.POST)
    if form.is_valid():
        try:
            set_rules(seat.merchant, form.rules(now))
        except Unprocessable as problem:
            form.add_error(None, problem.detail)
        else:
            messages.success(request, _("Saved."))
            return redirect("dashboard:message_rules", seat.merchant.slug)
    return _show(request, seat, form, now, status=422)


def _show(
    request: HttpRequest, seat: Seat, form: RulesForm, now: Rules, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "notice_version": now.notice_version,
        "notice_since": now.notice_since,
        "countries": [rule for name, rule in country_rules().items() if name != "default"],
    }
    return settings_page(
        request, seat, "message_rules", "dashboard/settings/message_rules.html", context, status=status
    )


def _initial(now: Rules) -> dict[str, Any]:
    found: dict[str, Any] = {
        "topics": list(now.topics), "notice": now.notice, "review_url": now.review_url, "survey_url": now.survey_url,
    }  # fmt: skip
    for channel, (start, end) in now.quiet.items():
        found |= {f"quiet_{channel}_from": start, f"quiet_{channel}_to": end}
    for kind, (most, days) in now.caps.items():
        found |= {f"cap_{kind}": most, f"days_{kind}": days}
    for name, sender in now.streams.items():
        found |= {f"email_{name}": sender.get("email", ""), f"name_{name}": sender.get("name", "")}
    return found
