"""Segments: who they are, how many, a few of them; the editor that counts while one writes."""

from typing import Any

from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.access import Seat, merchant_view
from dashboard.shell import page
from merchants.exporting import FORMATS, newest_pages, stream
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from orders.exports import CUSTOMERS
from orders.models import Customer
from orders.segments import commands, queries
from orders.segments.members import customers_of
from orders.segments.queries import Known
from orders.segments.rules import MOST_CONDITIONS, SegmentCondition, SegmentRule, checked, every_kind

_SAMPLE = 8
_BLANK_ROWS = 2


@require_safe
@merchant_view()
def segments(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Every segment with how many are in it now: two queries."""
    known = queries.all_segments()
    counts = queries.counts(known)
    rows: list[dict[str, Any]] = [
        {"known": each, "count": counts[each.ref], "url": f"{each.ref}/", "words": in_words(each)}
        for each in known
    ]
    context = {
        "own": [row for row in rows if row["known"].row],
        "built_in": [row for row in rows if not row["known"].row],
    }
    return page(request, seat, "dashboard/segments.html", context, section="customers")


@require_safe
@merchant_view()
def segment(request: HttpRequest, seat: Seat, segment_id: str) -> HttpResponse:
    """One segment: its rule in words, how many, and the newest of them."""
    known = _get(segment_id)
    context = {
        "known": known,
        "words": in_words(known),
        "match": known.rule.match,
        "uses": commands.uses_of(known.ref),
        **_who(seat, known.rule),
    }
    return page(request, seat, "dashboard/segment.html", context, section="customers")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def segment_new(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The editor of a new segment; `?from=` begins as a copy of another."""
    begin = _get(request.GET["from"]) if request.GET.get("from") else None
    return _edit(request, seat, None, begin)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def segment_edit(request: HttpRequest, seat: Seat, segment_id: str) -> HttpResponse:
    """The editor of a segment of the merchant's own."""
    known = _get(segment_id)
    if known.row is None:
        raise Http404
    return _edit(request, seat, known, known)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def segment_delete(request: HttpRequest, seat: Seat, segment_id: str) -> HttpResponse:
    """Asks first; refuses while something uses it."""
    known = _get(segment_id)
    if known.row is None:
        raise Http404
    back = f"/app/{seat.merchant.slug}/customers/segments/"
    if request.method == "POST":
        try:
            commands.delete_segment(seat.merchant, known.row.pk)
        except Conflict:
            uses = ", ".join(commands.uses_of(known.ref)[:5])
            toasts.error(request, _("It is still used by: %(names)s.") % {"names": uses})
            return redirect(f"{back}{known.ref}/")
        toasts.success(request, _("The segment is deleted."))
        return redirect(back)
    context = {
        "title": _("Delete the segment “%(name)s”?") % {"name": known.name},
        "text": _("Nobody is deleted with it: customers stay as they are."),
        "button": _("Delete the segment"),
        "keep": _("Keep it"),
        "back": f"{back}{known.ref}/",
    }
    return page(request, seat, "dashboard/confirm.html", context, section="customers")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.DATA)
def segment_export(request: HttpRequest, seat: Seat, segment_id: str) -> HttpResponse:
    """Whoever is in it now, as a file: `?format=` csv or ndjson."""
    rows = customers_of(_get(segment_id).rule)
    wanted = request.GET.get("format", "csv")
    pages = newest_pages(seat.merchant, rows, "created_at")
    return stream(seat.merchant, CUSTOMERS, pages, wanted if wanted in FORMATS else "csv")  # type: ignore[return-value]


def in_words(known: Known) -> str:
    """A segment's rule as people say it."""
    if known.row is None:
        return str(known.whom)
    kinds = every_kind()
    said = [
        f"{kinds[each.kind].words} {each.value}".strip()
        for each in known.rule.conditions
        if each.kind in kinds
    ]
    joint = _("and") if known.rule.match == "all" else _("or")
    return f" {joint} ".join(said) or _("Everybody")


def _edit(request: HttpRequest, seat: Seat, known: Known | None, begin: Known | None) -> HttpResponse:
    is_live = bool(request.htmx)  # type: ignore[attr-defined]
    given = request.POST if request.method == "POST" else request.GET if "kind" in request.GET else None
    rule = _read(given) if given is not None else begin.rule if begin else SegmentRule()
    name = given.get("name", "") if given is not None else str(begin.name) if known and begin else ""
    errors: dict[int, str] = {}
    refusal = ""
    try:
        checked(rule)
        if request.method == "POST" and not given.get("count"):  # type: ignore[union-attr]
            row = commands.save_segment(
                seat.merchant, name, rule, segment_id=known.row.pk if known and known.row else None
            )
            toasts.success(request, _("The segment is saved."))
            return redirect(f"/app/{seat.merchant.slug}/customers/segments/{public_id('seg', row.pk)}/")
    except Unprocessable as error:
        refusal = _refusals().get(error.code, "")
        errors = _errors(rule)
    context = {
        "known": known,
        "name": name,
        "match": rule.match,
        "lines": _lines(rule, errors),
        "kinds": list(every_kind().items()),
        "refusal": refusal,
        **({} if errors else _who(seat, rule)),
    }
    if is_live:
        return render(request, "dashboard/segment_edit.html#who", context)
    status = 422 if request.method == "POST" and (refusal or errors) else 200
    return page(request, seat, "dashboard/segment_edit.html", context, section="customers", status=status)


def _refusals() -> dict[str, str]:
    return {
        "invalid_name": _("Give it a name."),
        "name_taken": _("Another segment has this name."),
        "too_many_segments": _("There are 200 segments. Delete one first."),
    }


def _read(given: QueryDict) -> SegmentRule:
    """The rule of a sent form. A row without a kind is none."""
    pairs = zip(given.getlist("kind"), given.getlist("value"), strict=False)
    conditions = [
        SegmentCondition(kind=kind[:40], value=value.replace("\0", "")[:200]) for kind, value in pairs if kind
    ]
    match: Any = "any" if given.get("match") == "any" else "all"
    return SegmentRule(match=match, conditions=conditions[:MOST_CONDITIONS])


def _errors(rule: SegmentRule) -> dict[int, str]:
    found = {}
    for index, condition in enumerate(rule.conditions):
        try:
            checked(SegmentRule(conditions=[condition]))
        except Unprocessable as error:
            found[index] = str(error.detail)
    return found


def _lines(rule: SegmentRule, errors: dict[int, str]) -> list[dict[str, Any]]:
    kinds = every_kind()
    shown = [
        {
            "number": index + 1, "kind": each.kind, "value": each.value, "error": errors.get(index, ""),
            "hint": kinds[each.kind].hint if each.kind in kinds else "",
        }
        for index, each in enumerate(rule.conditions)
    ]  # fmt: skip
    blank = min(_BLANK_ROWS, MOST_CONDITIONS - len(shown))
    return shown + [{"number": len(shown) + n + 1, "kind": "", "value": ""} for n in range(blank)]


def _who(seat: Seat, rule: SegmentRule) -> dict[str, Any]:
    """How many a rule lets in, and the newest few: two queries."""
    number = queries.count(rule)
    sample: list[Customer] = list(customers_of(rule).order_by("-created_at", "-id")[:_SAMPLE])
    return {
        "count": number,
        "count_words": ngettext("%(count)d customer", "%(count)d customers", number) % {"count": number},
        "sample": [
            {
                "name": row.name or row.email or row.external_id,
                "email": row.email,
                "url": f"/app/{seat.merchant.slug}/customers/{public_id('cus', row.id)}/",
            }
            for row in sample
        ],
    }


def _get(ref: str) -> Known:
    try:
        return queries.get_segment(ref)
    except NotFound:
        raise Http404 from None
