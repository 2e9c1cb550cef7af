"""The list of rules with its draft and versions, and the forms of one rule and of the standard."""

from collections.abc import Callable
from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import Seat, merchant_view
from dashboard.return_rules import sentences
from dashboard.return_rules.rule_form import RuleForm, StandardForm
from dashboard.settings_pages import settings_page
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Conflict, Problem
from returns.policy import drafts
from returns.policy.choices import Reads
from returns.policy.commands import restore_policy
from returns.policy.model import MOST_RULES, Policy, Rule, from_stored
from returns.policy.models import PolicyTrial
from returns.policy.queries import newest, versions

_VERSIONS = 20


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def return_rules(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The rules as sentences: those of the draft, or those in force."""
    number, in_force = newest()
    draft = drafts.draft()
    trial = PolicyTrial.objects.order_by("-created_at").defer("policy", "report").first()
    policy = from_stored(draft.policy) if draft else in_force
    context = {
        "rules": [_row(rule, in_force, seat) for rule in policy.rules],
        "gone": [rule.name for rule in in_force.rules if rule.key not in {each.key for each in policy.rules}],
        "standard": sentences.whole(policy.standard, seat.merchant.currency),
        "standard_changed": policy.standard != in_force.standard,
        "transit_days": policy.transit_days,
        "draft": draft,
        "number": number,
        "versions": versions()[:_VERSIONS],
        "is_full": len(policy.rules) >= MOST_RULES,
        "trial": trial,
        "trial_id": public_id("ptr", trial.id) if trial else "",
    }
    return settings_page(request, seat, "return_rules", "dashboard/return_rules/list.html", context)


def _row(rule: Rule, in_force: Policy, seat: Seat) -> dict[str, Any]:
    before = next((each for each in in_force.rules if each.key == rule.key), None)
    return {
        "key": rule.key,
        "name": rule.name,
        "is_on": rule.is_on,
        "when": sentences.when(rule),
        "then": sentences.then(rule.outcome, seat.merchant.currency),
        "reads": Reads(rule.reads).label,
        "state": _("new") if before is None else _("changed") if before != rule else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def new_rule(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A rule that does not exist yet. It goes to the end of the draft."""
    policy, revision = _shown()
    form = RuleForm(request.POST if request.method == "POST" else None, rule=None, revision=revision)
    if request.method == "POST" and form.is_valid():
        added = form.as_rule(policy)
        return _save(request, seat, form, lambda now: _with(now, (*now.rules, added)), added.name)
    return _form(request, seat, form, _("New rule"))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def edit_rule(request: HttpRequest, seat: Seat, rule_key: str) -> HttpResponse:
    """A rule of the draft."""
    policy, revision = _shown()
    rule = next((each for each in policy.rules if each.key == rule_key), None)
    if rule is None:
        raise Http404
    form = RuleForm(request.POST if request.method == "POST" else None, rule=rule, revision=revision)
    if request.method == "POST" and form.is_valid():
        changed = form.as_rule(policy)

        def change(now: Policy) -> Policy:
            return _with(now, tuple(changed if each.key == rule_key else each for each in now.rules))

        return _save(request, seat, form, change, changed.name)
    return _form(request, seat, form, rule.name)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def standard(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What holds where no rule says anything."""
    policy, revision = _shown()
    form = StandardForm(request.POST if request.method == "POST" else None, policy=policy, revision=revision)
    if request.method == "POST" and form.is_valid():
        values = {
            "standard": form.as_outcome(), "standard_reads": Reads(form.cleaned_data["reads"]),
            "transit_days": form.cleaned_data["transit_days"],
        }  # fmt: skip
        return _save(request, seat, form, lambda now: msgspec.structs.replace(now, **values), "")
    return _form(request, seat, form, _("Where no rule says anything"))


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def move_rule(request: HttpRequest, seat: Seat, rule_key: str) -> HttpResponse:
    """One place up or down."""
    step = {"up": -1, "down": 1}.get(request.POST.get("to", ""), 0)

    def change(policy: Policy) -> Policy:
        rules = list(policy.rules)
        place = next((n for n, rule in enumerate(rules) if rule.key == rule_key), None)
        if place is None:
            raise Http404
        other = min(max(place + step, 0), len(rules) - 1)
        rules[place], rules[other] = rules[other], rules[place]
        return _with(policy, tuple(rules))

    drafts.change_draft(seat.merchant, change, what=rule_key)
    return redirect("dashboard:return_rules", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def delete_rule(request: HttpRequest, seat: Seat, rule_key: str) -> HttpResponse:
    """Take a rule out of the draft."""

    def change(policy: Policy) -> Policy:
        rules = tuple(rule for rule in policy.rules if rule.key != rule_key)
        if len(rules) == len(policy.rules):
            raise Http404
        return _with(policy, rules)

    drafts.change_draft(seat.merchant, change, what=rule_key)
    messages.success(request, _("Taken out of the draft."))
    return redirect("dashboard:return_rules", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def publish_rules(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Put the draft in force."""
    seen, note = request.POST.get("revision", ""), request.POST.get("note", "").strip()
    try:
        number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else -1
        version = drafts.publish_draft(seat.merchant, seen=number, note=note)
    except Conflict:
        messages.error(request, _("Somebody else changed the rules meanwhile. Look at them again."))
    except Problem as problem:
        messages.error(request, f"{problem.detail} ({problem.param})")
    else:
        if version is not None:
            messages.success(request, _("In force from now on."))
    return redirect("dashboard:return_rules", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def discard_rules(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Throw the draft away."""
    drafts.discard_draft(seat.merchant)
    messages.success(request, _("The draft is gone. The rules in force stay."))
    return redirect("dashboard:return_rules", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def restore_rules(request: HttpRequest, seat: Seat) -> HttpResponse:
    """An earlier version becomes the newest one; the one in force stays among the versions."""
    number = request.POST.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        raise Http404
    restore_policy(seat.merchant, int(number))
    messages.success(request, _("In force from now on."))
    return redirect("dashboard:return_rules", seat.merchant.slug)


def _shown() -> tuple[Policy, int]:
    """The policy that is worked on, and its revision (0: no draft yet)."""
    draft = drafts.draft()
    return (from_stored(draft.policy), draft.revision) if draft else (newest()[1], 0)


def _with(policy: Policy, rules: tuple[Rule, ...]) -> Policy:
    return msgspec.structs.replace(policy, rules=rules)


def _save(
    request: HttpRequest,
    seat: Seat,
    form: RuleForm | StandardForm,
    change: Callable[[Policy], Policy],
    what: str,
) -> HttpResponse:
    try:
        drafts.change_draft(seat.merchant, change, seen=form.cleaned_data["revision"], what=what)
    except Conflict:
        form.add_error(None, _("Somebody else changed the rules meanwhile. Look at them again."))
        return _form(request, seat, form, what, status=409)
    messages.success(request, _("Noted in the draft. It counts once you put it in force."))
    return redirect("dashboard:return_rules", seat.merchant.slug)


def _form(
    request: HttpRequest, seat: Seat, form: RuleForm | StandardForm, title: str, *, status: int = 0
) -> HttpResponse:
    context = {"form": form, "title": title, "is_rule": isinstance(form, RuleForm)}
    template, answer = "dashboard/return_rules/form.html", status or (422 if form.is_bound else 200)
    return settings_page(request, seat, "return_rules", template, context, status=answer)
