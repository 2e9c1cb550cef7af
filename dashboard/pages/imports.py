"""B18: data in. A file is uploaded, its columns are mapped, its first rows are shown, then it runs."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages as toasts
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import listing
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.mapping import columns_of, options_of, read_mapping
from dashboard.settings_pages import settings_page
from dashboard.words import Label, label
from imports import commands, fields, files, queries
from imports.models import Format, Import, ImportState, Kind
from imports.preview import preview
from merchants.exporting import escape_cell, lines_as_csv
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Conflict, InvalidBody, Problem, TooLarge
from merchants.scope import merchant_scope

KINDS = {
    Kind.ORDERS: gettext_lazy("Orders with their lines"),
    Kind.SHIPMENTS: gettext_lazy("Shipments"),
    Kind.CUSTOMERS: gettext_lazy("Customers"),
    Kind.PRODUCTS: gettext_lazy("Products"),
}
STATES: dict[str, Label] = {
    ImportState.DRAFT: Label(gettext_lazy("Not started"), "quiet"),
    ImportState.RUNNING: Label(gettext_lazy("Running"), "info"),
    ImportState.DONE: Label(gettext_lazy("Done"), "ok"),
    ImportState.FAILED: Label(gettext_lazy("Failed"), "bad"),
    ImportState.STOPPED: Label(gettext_lazy("Stopped"), "warn"),
    ImportState.UNDOING: Label(gettext_lazy("Being undone"), "info"),
    ImportState.UNDONE: Label(gettext_lazy("Undone"), "quiet"),
}
_REFUSED_SHOWN = 20
_FORM_BYTES = 10_000  # what a form takes beside its file


class UploadForm(forms.Form):
    """A file, and what is in it."""

    kind = forms.ChoiceField(label=gettext_lazy("What is in the file?"), choices=list(KINDS.items()))
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV from Shopify, WooCommerce, a spreadsheet or our own export; or NDJSON."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.ndjson,.jsonl"}),
        error_messages={"required": gettext_lazy("Choose a file first.")},
        allow_empty_file=True,
    )


@csrf_exempt  # Checked below, once it is known that the body is not too large to be read.
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.DATA)
def imports(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The imports so far, and a form for the next one."""
    if request.method != "POST":
        return _show_list(request, seat, UploadForm())
    try:
        files.check_size(int(request.META.get("CONTENT_LENGTH") or 0) - _FORM_BYTES)
    except TooLarge as problem:
        form = UploadForm({"kind": request.GET.get("kind", Kind.ORDERS)})
        form.errors.clear()
        form.add_error("file", problem.detail)
        return _show_list(request, seat, form, status=413)
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _upload(request, seat)


@csrf_protect
def _upload(request: HttpRequest, seat: Seat) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show_list(request, seat, form, status=422)
    upload: UploadedFile = form.cleaned_data["file"]
    try:
        stored = files.store(upload.chunks(files.PIECE))
        row = commands.create_import(
            seat.merchant, Kind(form.cleaned_data["kind"]), upload.name or "", stored, commands.look_at(stored),
            created_by=seat.user.email or seat.user.get_username(),
        )  # fmt: skip
    except Problem as problem:
        form.add_error("file", problem.detail)
        return _show_list(request, seat, form, status=422)
    return redirect("dashboard:import", seat.merchant.slug, public_id("imp", row.id))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.DATA)
def one_import(request: HttpRequest, seat: Seat, import_id: str) -> HttpResponse:
    """A draft with its columns and first rows; later how far it is. POST keeps the columns, and may start it."""
    row = queries.get_import(id_or_404("imp", import_id))
    if request.method == "POST":
        return _save(request, seat, row, import_id)
    if row.state == ImportState.DRAFT:
        return _show_draft(request, seat, row)
    context = _running(row, import_id)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "dashboard/settings/import.html#progress", {**context, "seat": seat})
    return settings_page(request, seat, "imports", "dashboard/settings/import.html", context)


def _save(request: HttpRequest, seat: Seat, row: Import, import_id: str) -> HttpResponse:
    given, errors = None, {}
    try:
        if row.format == Format.CSV:
            given = read_mapping(row, request.POST)
            row = commands.map_columns(seat.merchant, row.id, given.mapping, given.options)
        if request.POST.get("do") == "start":
            commands.start_import(seat.merchant, row.id)
            toasts.success(request, _("The import is running. You may leave this page."))
    except InvalidBody as problem:
        errors = {problem.param.removeprefix("mapping.").removeprefix("options."): problem.detail}
        if given is not None:
            row.mapping, row.options = given.mapping, given.options
        for field in fields.missing(row.kind, row.mapping):
            errors[field.key] = _("Choose a column for “%(field)s”: it is needed.") % {"field": field.label}
        return _show_draft(request, seat, row, errors=errors, status=422)
    except Conflict:
        toasts.error(request, _("This import was started already."))
    return redirect("dashboard:import", seat.merchant.slug, import_id)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.DATA)
def stop(request: HttpRequest, seat: Seat, import_id: str) -> HttpResponse:
    """Read no more of a running import's file, after asking."""
    row = queries.get_import(id_or_404("imp", import_id))
    if request.method == "POST":
        return _act(request, seat, import_id, lambda: commands.stop_import(seat.merchant, row.id))
    text = _("What was stored so far stays. The rest of the file is not read, and the file is deleted.")
    return _confirm(request, seat, import_id, _("Stop this import?"), text, _("Stop the import"))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.DATA)
def undo(request: HttpRequest, seat: Seat, import_id: str) -> HttpResponse:
    """Remove what an import newly made, after asking."""
    row = queries.get_import(id_or_404("imp", import_id))
    if request.method == "POST":
        return _act(request, seat, import_id, lambda: commands.undo_import(seat.merchant, row.id))
    text = _(
        "The orders that it newly made are removed, with customers who came with them. Orders that were known before"
        " keep what the import changed; orders that were shipped or changed since stay."
    )
    return _confirm(request, seat, import_id, _("Undo this import?"), text, _("Undo the import"))


@require_http_methods(["POST"])
@merchant_view(needs=Permission.DATA)
def discard(request: HttpRequest, seat: Seat, import_id: str) -> HttpResponse:
    """Forget a draft and its file."""
    try:
        commands.delete_draft(seat.merchant, id_or_404("imp", import_id))
        toasts.success(request, _("The file was deleted. Nothing of it was imported."))
    except Conflict:
        toasts.error(request, _("This import was started already."))
    return redirect("dashboard:imports", seat.merchant.slug)


@require_safe
@merchant_view(needs=Permission.DATA)
def report(request: HttpRequest, seat: Seat, import_id: str) -> HttpResponse:
    """Every refused line as CSV."""
    row = queries.get_import(id_or_404("imp", import_id))

    def lines() -> Any:
        yield ["line", "field", "column", "what"]
        for refused in queries.every_refused_line(row, lambda: merchant_scope(seat.merchant)):
            yield [refused.line, refused.field, escape_cell(refused.column), escape_cell(refused.detail)]

    response = StreamingHttpResponse(lines_as_csv(lines()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{import_id}.csv"'
    return response  # type: ignore[return-value]  # as all views, the decorators say HttpResponse


def _act(request: HttpRequest, seat: Seat, import_id: str, work: Any) -> HttpResponse:
    try:
        work()
    except Conflict as problem:
        toasts.error(request, problem.detail)
    return redirect("dashboard:import", seat.merchant.slug, import_id)


def _confirm(
    request: HttpRequest, seat: Seat, import_id: str, title: str, text: str, button: str
) -> HttpResponse:
    context = {
        "title": title,
        "text": text,
        "button": button,
        "keep": _("Keep it"),
        "back": f"/app/{seat.merchant.slug}/settings/imports/{import_id}/",
    }
    return settings_page(request, seat, "imports", "dashboard/confirm.html", context)


def _show_list(request: HttpRequest, seat: Seat, form: UploadForm, *, status: int = 200) -> HttpResponse:
    stretch = listing.newest(request, Import.objects.all(), by="created_at")
    rows = [
        {
            "import": row,
            "url": f"/app/{seat.merchant.slug}/settings/imports/{public_id('imp', row.id)}/",
            "state": label(STATES, row.state),
            "kind": KINDS[Kind(row.kind)],
        }
        for row in stretch.rows
    ]
    context = {
        "form": form,
        "rows": rows,
        "stretch": stretch,
        "start_url": listing.url_with(request),
        "most_megabytes": settings.IMPORT_MAX_BYTES // 1_000_000,
        "exports": [
            ("orders", _("Orders")), ("shipments", _("Shipments")), ("customers", _("Customers")),
            ("products", _("Products")), ("messages", _("Messages")), ("events", _("Events")),
        ],
    }  # fmt: skip
    return settings_page(request, seat, "imports", "dashboard/settings/imports.html", context, status=status)


def _show_draft(
    request: HttpRequest, seat: Seat, row: Import, *, errors: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "row": row,
        "kind": KINDS[Kind(row.kind)],
        "import_id": public_id("imp", row.id),
        "columns": columns_of(row, errors or {}),
        "options": options_of(row, seat.merchant, errors or {}),
        "errors": errors,
        "preview": preview(seat.merchant, row),
        "is_csv": row.format == Format.CSV,
    }
    return settings_page(
        request, seat, "imports", "dashboard/settings/import_draft.html", context, status=status
    )


def _running(row: Import, import_id: str) -> dict[str, Any]:
    return {
        "row": row,
        "import_id": import_id,
        "kind": KINDS[Kind(row.kind)],
        "state": label(STATES, row.state),
        "percent": queries.percent(row),
        "is_running": row.state in (ImportState.RUNNING, ImportState.UNDOING),
        "can_stop": row.state == ImportState.RUNNING,
        "can_undo": row.kind == Kind.ORDERS
        and row.created
        and row.state in (ImportState.DONE, ImportState.FAILED, ImportState.STOPPED),
        "refused": list(queries.refused_lines(row)[:_REFUSED_SHOWN]),
        "has_more": row.refused > _REFUSED_SHOWN,
    }
