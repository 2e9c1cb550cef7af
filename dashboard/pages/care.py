"""Guides and replenishment by product: what goes out after a delivery, and how long one unit lasts."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from dashboard import words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Problem
from notifications.followups import commands
from notifications.followups.models import Match, ProductRule, RuleKind
from notifications.switches import switches

KINDS = {
    RuleKind.GUIDE.value: gettext_lazy("Guide"),
    RuleKind.REPLENISH.value: gettext_lazy("Replenishment"),
    RuleKind.REVIEW.value: gettext_lazy("Request for a review"),
}
MATCHES = {
    Match.TAG.value: gettext_lazy("Products tagged"),
    Match.TYPE.value: gettext_lazy("Products of type"),
    Match.SKU.value: gettext_lazy("The SKU"),
}
_SHOWN = 200
_SENT = ("care_guide", "replenishment", "review_request")


class RuleForm(forms.Form):
    """A rule about products."""

    kind = forms.ChoiceField(label=gettext_lazy("What for"), choices=lambda: list(KINDS.items()))
    match = forms.ChoiceField(label=gettext_lazy("For"), choices=lambda: list(MATCHES.items()))
    value = forms.CharField(label=gettext_lazy("Tag, type or SKU"), max_length=255)
    days = forms.IntegerField(
        label=gettext_lazy("Days"),
        min_value=1,
        max_value=730,
        help_text=gettext_lazy(
            "A guide, a request for a review: so many days after delivery. A replenishment: so long one unit lasts."
        ),
    )
    title = forms.CharField(label=gettext_lazy("Title of the guide"), max_length=160, required=False)
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    url = forms.URLField(
        label=gettext_lazy("Link to the whole guide"), max_length=1000, required=False, assume_scheme="https"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def care(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The rules; the form adds one."""
    form = RuleForm(request.POST) if request.method == "POST" else RuleForm()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        said = commands.RuleIn(
            RuleKind(given["kind"]), Match(given["match"]), given["value"], given["days"], given["title"],
            given["text"], given["url"],
        )  # fmt: skip
        try:
            commands.add_rule(seat.merchant, said)
        except Problem:
            form.add_error("title", _("A guide needs a title, and a text or a link."))
        else:
            messages.success(request, _("The rule is saved."))
            return redirect("dashboard:care", seat.merchant.slug)
    how = switches(_SENT)
    rows = ProductRule.objects.order_by("-created_at", "-id")[:_SHOWN]
    context = {
        "form": form,
        "rows": [_row(row) for row in rows],
        "off": [(key, words.TOUCHPOINTS[key]) for key in _SENT if not how[key].is_on],
    }
    status = 422 if request.method == "POST" else 200
    return settings_page(request, seat, "care", "dashboard/settings/care.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def remove_care(request: HttpRequest, seat: Seat, rule_id: str) -> HttpResponse:
    """Asks first; the POST forgets the rule."""
    row = ProductRule.objects.filter(pk=id_or_404("prl", rule_id)).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        commands.remove_rule(seat.merchant, row.pk)
        messages.success(request, _("The rule is removed."))
        return redirect("dashboard:care", seat.merchant.slug)
    context = {
        "title": _("Remove this rule?"),
        "text": _("What it would still have sent stays in: %(what)s.") % {"what": row.title or row.value},
        "button": _("Remove the rule"),
        "keep": _("Keep it"),
        "back": f"/app/{seat.merchant.slug}/settings/care/",
    }
    return settings_page(request, seat, "care", "dashboard/confirm.html", context)


def _row(row: ProductRule) -> dict[str, Any]:
    days = ngettext("%(count)d day", "%(count)d days", row.days) % {"count": row.days}
    lasts = row.kind == RuleKind.REPLENISH
    when = _("One lasts %(days)s") if lasts else _("%(days)s after delivery")
    return {
        "kind": KINDS.get(row.kind, row.kind),
        "match": MATCHES.get(row.match, row.match),
        "value": row.value,
        "when": when % {"days": days},
        "title": row.title,
        "remove_url": f"{public_id('prl', row.pk)}/remove/",
    }
