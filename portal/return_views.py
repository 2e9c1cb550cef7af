"""A6–A11: a return in four steps, and the page of what becomes of it. The order's link is what opens them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from merchants.ids import parse_public_id, public_id
from merchants.pictures import photo_response
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from orders.models import Order, OrderLine
from portal import errors
from portal.limits import count_write
from portal.loading import OrderRow
from portal.opening import open_order
from portal.pages import portal_page, render
from portal.problem_form import Typed, read_message
from portal.return_answers import (
    PICKED,
    STEPS,
    Answers,
    first_unanswered,
    key_of,
    kind_of,
    offered,
    read,
    with_terms,
)
from portal.return_page import methods_of, steps_context
from portal.return_status import status_context
from portal.site import Site
from portal.style import Style
from returns import commands, reasons
from returns.live_stock import ask_shop
from returns.logistics.labelling import label_of
from returns.logistics.slip import packing_slip
from returns.models import Return
from returns.parcels import set_parcel
from returns.policy.line_facts import Asked
from returns.queries import Returnable, get_return, photo_of, returnable_of
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Kind, Side
from returns.stock import offered_for
from returns.withdrawal.way_back import choose_way


@portal_page("GET", "POST")
def steps(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """The four steps: answers stand in the address until the last one sends them."""
    row = open_order(site, token)
    with site.speaking(row.locale):
        if row.is_cancelled:
            raise errors.NotFound
        order = Order.objects.defer("raw", "search").get(pk=row.id)
        is_sent = request.method == "POST"
        if is_sent:
            count_write(request, site, row)
        data = request.POST if is_sent else request.GET
        answers, goods = _answers(site, order, data)
        wanted = data.get("step", "items")
        step = first_unanswered(answers, "confirm" if is_sent else wanted if wanted in STEPS else "items")
        if is_sent and step == "confirm":
            sent = _send(request, site, order, answers)
            if sent is not None:
                return _to(site, token, sent)
        if step == "resolution":
            ask_shop(site.merchant, offered_for(_exchangeable(answers), order.currency))
        style = Style.of(site, row, timezone.now())
        context = steps_context(site, row, order, token, step, answers, goods, style)
        context |= {"text": data.get("text", "")[:1000], "gift_email": data.get("gift_email", "")[:254]}
        return render(
            request, site, f"portal/return_{step}.html", context, status=422 if answers.errors else 200
        )


def _answers(site: Site, order: Order, data: QueryDict) -> tuple[Answers, list[Returnable]]:
    """What is answered, judged by the rules with the reasons that were given."""
    kind = kind_of(data)
    goods = returnable_of(site.merchant, order, kind=kind)
    answers = read(data, goods)
    if kind == Kind.RETURN and any(line.reason for line in answers.lines):
        asked = {
            line.found.piece.line.id: Asked(
                reasons.with_parent(line.reason), line.condition or None, line.quantity
            )
            for line in answers.lines
        }
        goods = returnable_of(site.merchant, order, asked=asked)
        answers = with_terms(answers, {key_of(found): found for found in goods})
    return answers, goods


def _exchangeable(answers: Answers) -> list[OrderLine]:
    """The lines that the rules let be exchanged."""
    return [
        line.found.piece.line
        for line in answers.lines
        if PICKED.intersection(offered(line, gift=answers.gift))
    ]


def _send(request: HttpRequest, site: Site, order: Order, answers: Answers) -> Return | None:
    """Ask for the return. None, with the errors noted, when something stands in the way."""
    typed = read_message(request)
    answers.errors |= typed.errors
    methods = methods_of(answers)
    if methods and answers.method not in methods:
        answers.errors["method"] = _("Please choose how you send it back.")
    gift_email = request.POST.get("gift_email", "").replace("\0", "").strip()
    if answers.gift and "@" not in gift_email:
        answers.errors["gift_email"] = _("Please enter the e-mail address that the credit goes to.")
    if answers.errors:
        return None
    wanted = RequestedReturn(
        lines=_lines(answers, typed.photos), method=answers.method if methods else "", gift=answers.gift,
        kind=answers.kind, gift_email=gift_email, note=typed.text,
        key=request.POST.get("key", "").replace("\0", "")[:64],
    )  # fmt: skip
    ask_shop(site.merchant, [line.variant for line in answers.lines])
    try:
        return commands.request_return(site.merchant, order.id, wanted, by=Side.SHOPPER)
    except (Conflict, Unprocessable) as problem:
        answers.errors["confirm"] = _words(problem)
        return None


def _lines(answers: Answers, photos: Sequence[bytes]) -> list[RequestedLine]:
    lines = [
        RequestedLine(
            line.found.piece.line.id, line.quantity, line.reason, condition=line.condition,
            resolution=line.resolution, exchange_variant=line.variant,
            part_id=line.found.piece.part.id if line.found.piece.part else None,
        )
        for line in answers.lines
    ]  # fmt: skip
    # The pictures belong to what is broken, else to the first.
    place = next((n for n, line in enumerate(answers.lines) if reasons.known()[line.reason].needs_photos), 0)
    lines[place] = replace(lines[place], photos=photos)
    return lines


def _words(problem: Conflict | Unprocessable) -> str:
    words = {
        "sold_out": _("What you chose has just been sold out. Please go back and choose something else."),
        "too_many": _("Some of it is in another return already. Please start again."),
        "exchange_limit": _("This came by an exchange of an exchange: it can be refunded. Please go back."),
        "window_over": problem.detail,
        "order_cancelled": _("This order was cancelled."),
    }
    return words.get(problem.code, _("This cannot be sent like this. Please start again."))


@portal_page("GET", "POST")
def status(request: HttpRequest, site: Site, token: str, return_id: str) -> HttpResponse:
    """Where the return stands; a POST answers what the shop asked."""
    row = open_order(site, token)
    found = _return(row, return_id)
    with site.speaking(row.locale):
        typed = None
        if request.method == "POST":
            count_write(request, site, row)
            typed = read_message(request)
            if not typed.text.strip() and not typed.photos:
                typed.errors.setdefault("text", _("Please write something, or add a photo."))
            if not typed.errors:
                try:
                    commands.reply(site.merchant, found.id, typed.text, typed.photos)
                except (Unprocessable, Conflict):
                    typed.errors["text"] = _("This could not be saved.")
                else:
                    return _to(site, token, found)
        return _shown(request, site, row, token, found, typed)


def _shown(
    request: HttpRequest, site: Site, row: OrderRow, token: str, found: Return, typed: Typed | None
) -> HttpResponse:
    style = Style.of(site, row, timezone.now())
    host = f"{request.scheme}://{request.get_host()}"
    context = status_context(site, row, token, found, typed, style, host=host)
    wrong = typed is not None and bool(typed.errors)
    return render(request, site, "portal/return.html", context, status=422 if wrong else 200)


@portal_page("GET", "POST")
def cancel(request: HttpRequest, site: Site, token: str, return_id: str) -> HttpResponse:
    """Take it back, asked once more before."""
    row = open_order(site, token)
    found = _return(row, return_id)
    with site.speaking(row.locale):
        if request.method == "POST":
            count_write(request, site, row)
            try:
                commands.cancel(site.merchant, found.id, by=Side.SHOPPER)
            except Conflict:
                raise errors.NotFound from None
            return _to(site, token, found)
        context = {
            "title": _("Keep everything?"), "order_number": row.number, "number": found.number,
            "action": _path(site, token, found) + "cancel/", "back_url": _path(site, token, found),
        }  # fmt: skip
        return render(request, site, "portal/return_cancel.html", context)


@portal_page("POST")
def sent(request: HttpRequest, site: Site, token: str, return_id: str) -> HttpResponse:
    """The shopper has handed in a parcel of their own, and says its number; or, of a withdrawal, shows the receipt."""
    row = open_order(site, token)
    found = _return(row, return_id)
    count_write(request, site, row)
    number = request.POST.get("tracking_number", "").replace("\0", "")
    with site.speaking(row.locale):
        proof = read_message(request) if found.kind == Kind.WITHDRAWAL else Typed()
        if found.kind == Kind.WITHDRAWAL and not (number.strip() or proof.photos):
            proof.errors.setdefault("photos", _("Please add a photo of the receipt, or the tracking number."))
        if proof.errors:
            return _shown(request, site, row, token, found, proof)
    # Not approved, on its way already, or no number at all: the page itself says what holds.
    with suppress(Conflict, Unprocessable):
        set_parcel(site.merchant, found.id, tracking_number=number)
    if proof.photos:
        with suppress(Conflict, Unprocessable):
            commands.mark_sent(site.merchant, found.id, by=Side.SHOPPER, photos=proof.photos)
    return _to(site, token, found)


@portal_page("POST")
def way(request: HttpRequest, site: Site, token: str, return_id: str) -> HttpResponse:
    """How the goods of a withdrawal are sent back."""
    row = open_order(site, token)
    found = _return(row, return_id)
    count_write(request, site, row)
    # On its way already, or a way that there is not: the page itself says what holds.
    with suppress(Conflict, Unprocessable):
        choose_way(site.merchant, found.id, request.POST.get("method", ""))
    return _to(site, token, found)


@portal_page("GET")
def photo(request: HttpRequest, site: Site, token: str, return_id: str, picture_id: str) -> HttpResponse:
    """A photo of one's own, as we drew it anew."""
    found = _return(open_order(site, token), return_id)
    try:
        image = photo_of(found, parse_public_id("rph", picture_id))
    except NotFound:
        raise errors.NotFound from None
    return photo_response(image)


def _return(row: OrderRow, return_id: str) -> Return:
    """A return of this order: another order's is as absent as one that never was."""
    try:
        found = get_return(parse_public_id("ret", return_id))
    except NotFound:
        raise errors.NotFound from None
    if found.order_id != row.id:
        raise errors.NotFound
    return found


def _path(site: Site, token: str, found: Return) -> str:
    return site.path(f"o/{token}/returns/{public_id('ret', found.id)}/")


def _to(site: Site, token: str, found: Return) -> HttpResponse:
    response = HttpResponse(status=303)
    response["Location"] = _path(site, token, found)
    return response


@portal_page("GET")
def file(request: HttpRequest, site: Site, token: str, return_id: str, kind: str) -> HttpResponse:
    """The label to print, the code to show, or the slip that lies in the parcel. Looking at them changes nothing."""
    found = _return(open_order(site, token), return_id)
    try:
        data = _file(site, found, kind)
    except NotFound:
        raise errors.NotFound from None
    is_pdf = data.startswith(b"%PDF-")
    headers = {
        "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff",
        "Content-Disposition": content_disposition_header(True, f"{found.number}-{kind}.{'pdf' if is_pdf else 'png'}"),
        "Cross-Origin-Resource-Policy": "same-origin",
    }  # fmt: skip
    return HttpResponse(data, content_type="application/pdf" if is_pdf else "image/png", headers=headers)


def _file(site: Site, found: Return, kind: str) -> bytes:
    """Raises NotFound for a file that there is not."""
    if kind == "slip":
        return packing_slip(site.merchant, found, list(found.lines.all()))
    label = label_of(found)
    held = {"label": label.pdf, "qr": label.qr}.get(kind)
    if held is None:
        raise NotFound("There is no such file.", param="kind")
    return bytes(held)
