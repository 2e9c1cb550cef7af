"""REST: covers and claims."""

from base64 import b64decode
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import NOBODY, parse_public_id
from merchants.rest.decode import money
from merchants.rest.errors import InvalidBody, InvalidParameter, NotFound, Unprocessable
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from orders.models import Order, OrderLine
from returns.claims import commands, queries
from returns.claims.models import Claim, Cover, Exclusion, Kind, Payer, Resolution, Status
from returns.claims.pool import cover
from returns.claims.schemas import (
    ApproveClaimIn,
    AskIn,
    ClaimIn,
    ClaimOut,
    CoverIn,
    CoverOut,
    DeclineIn,
    ReplyIn,
    show_claim,
    show_cover,
)
from returns.claims.steps import Asked
from returns.steps import redrawn

CLAIM_FILTERS = (
    query("order_id", "About one order: `ord_…`"),
    query("status", "Whose turn it is.", values=Status.values),
    query("kind", "What happened.", values=Kind.values),
)


class Claims(ApiView):
    """Claims under the parcel protection."""

    scopes = {"GET": "returns:read", "POST": "returns:write"}

    @extend_schema(operation_id="claims_make", request=ClaimIn, responses={201: ClaimOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a claim for a shopper. Too early, it is parked and opens by itself; a parcel has one at a time."""
        return self.once("POST /claims", self._make)

    def _make(self) -> HttpResponse:
        told = self.body(ClaimIn)
        order_id = parse_public_id("ord", told.order_id)
        if order_id is None or not Order.objects.filter(pk=order_id).exists():
            raise NotFound("There is no such order.", param="order_id")
        known = dict(OrderLine.objects.filter(order_id=order_id).values_list("external_id", "pk"))
        if any(each.line not in known for each in told.lines):
            raise Unprocessable("The order has no such line.", param="lines", code="unknown_line")
        asked = Asked(
            Kind(told.kind), Resolution(told.wanted), told.text,
            {known[each.line]: each.quantity for each in told.lines}, pictures(told.photos),
        )  # fmt: skip
        parcel = parse_public_id("shp", told.shipment_id) or NOBODY
        made = commands.claim(self.merchant, order_id, parcel, asked)
        return self.show(show_claim(queries.get_claim(made.pk)), 201)

    @extend_schema(
        operation_id="claims_list", parameters=[*CLAIM_FILTERS, *PAGING], responses={200: Page[ClaimOut]}
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List claims, newest first."""
        return self.show(newest_first(filtered_claims(request), request.GET, show_claim))


def filtered_claims(request: HttpRequest) -> QuerySet[Claim]:
    """The claims that the parameters of a list leave. Raises InvalidParameter."""
    rows, asked = queries.claims_with_lines(), request.GET
    if value := asked.get("order_id"):
        found = parse_public_id("ord", value)
        rows = rows.filter(order_id=found) if found else rows.none()
    for name, known in (("status", Status.values), ("kind", Kind.values)):
        if value := asked.get(name):
            if value not in known:
                raise InvalidParameter(f"{name} is one of {', '.join(known)}.", param=name)
            rows = rows.filter(**{name: value})
    return rows


class OneClaim(ApiView):
    """One claim."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="claims_read", responses={200: ClaimOut})
    def get(self, request: HttpRequest, claim_id: str) -> HttpResponse:
        """Read a claim."""
        return self.show(show_claim(queries.get_claim(parse_public_id("clm", claim_id))))


class CoverOrder(ApiView):
    """The protection of an order."""

    scopes = {"GET": "returns:read", "POST": "returns:write"}

    @extend_schema(operation_id="orders_cover_read", responses={200: CoverOut})
    def get(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Read how an order is protected; 404 while it is not."""
        pk = parse_public_id("ord", order_id)
        found = Cover.objects.filter(order_id=pk).first() if pk else None
        if found is None:
            raise NotFound("There is no such order, or it is not protected.", param="order_id")
        return self.show(show_cover(found))

    @extend_schema(operation_id="orders_cover", request=CoverIn, responses={200: CoverOut})
    def post(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Protect an order on its way; the premium enters your pool. A second time changes nothing."""
        pk = parse_public_id("ord", order_id)
        if pk is None or not Order.objects.filter(pk=pk).exists():
            raise NotFound("There is no such order.", param="order_id")
        premium = self.body(CoverIn).premium
        if premium is not None:
            premium = money(premium, "premium")
        return self.show(show_cover(cover(self.merchant, pk, premium=premium)))


class _Deciding(ApiView):
    scopes = {"POST": "returns:write"}

    def found(self, claim_id: str) -> UUID:
        """Its id. Raises NotFound."""
        return queries.get_claim(parse_public_id("clm", claim_id)).pk

    def shown(self, pk: UUID) -> HttpResponse:
        """The claim as it is now."""
        return self.show(show_claim(queries.get_claim(pk)))


class ApproveClaim(_Deciding):
    """Making a claim good."""

    @extend_schema(operation_id="claims_approve", request=ApproveClaimIn, responses={200: ClaimOut})
    def post(self, request: HttpRequest, claim_id: str) -> HttpResponse:
        """Approve a claim. A second time changes nothing."""
        pk, told = self.found(claim_id), self.body(ApproveClaimIn)
        _one_of(told.resolution, Resolution.values, "resolution")
        _one_of(told.payer, Payer.values, "payer")
        commands.approve(
            self.merchant, pk, Resolution(told.resolution), payer=Payer(told.payer), text=told.text
        )
        return self.shown(pk)


class DeclineClaim(_Deciding):
    """Declining a claim."""

    @extend_schema(operation_id="claims_decline", request=DeclineIn, responses={200: ClaimOut})
    def post(self, request: HttpRequest, claim_id: str) -> HttpResponse:
        """Decline a claim, with its reason."""
        pk, told = self.found(claim_id), self.body(DeclineIn)
        _one_of(told.exclusion, Exclusion.values, "exclusion")
        commands.decline(self.merchant, pk, Exclusion(told.exclusion), told.text)
        return self.shown(pk)


class AskAboutClaim(_Deciding):
    """Asking the shopper for more."""

    @extend_schema(operation_id="claims_ask", request=AskIn, responses={200: ClaimOut})
    def post(self, request: HttpRequest, claim_id: str) -> HttpResponse:
        """Ask the shopper; ten days of silence close the claim."""
        pk = self.found(claim_id)
        commands.ask(self.merchant, pk, self.body(AskIn).text)
        return self.shown(pk)


class ReplyToClaim(_Deciding):
    """What the shopper says more."""

    @extend_schema(operation_id="claims_reply", request=ReplyIn, responses={200: ClaimOut})
    def post(self, request: HttpRequest, claim_id: str) -> HttpResponse:
        """Pass on what the shopper said: it is your turn again, also of one that was closed or declined."""
        return self.once(f"POST /claims/{claim_id}/reply", lambda: self._reply(claim_id))

    def _reply(self, claim_id: str) -> HttpResponse:
        pk, told = self.found(claim_id), self.body(ReplyIn)
        commands.reply(self.merchant, pk, told.text, tuple(pictures(told.photos)))
        return self.shown(pk)


def pictures(photos: list[str]) -> list[bytes]:
    """Photos in base64 as JPEGs of ours. Raises Unprocessable for what is none."""
    try:
        return redrawn([b64decode(photo, validate=True) for photo in photos])
    except ValueError:  # binascii.Error too, of what is ASCII
        raise Unprocessable("This is not base64.", param="photos", code="photo_broken") from None


def _one_of(value: str, known: list[str], name: str) -> None:
    if value not in known:
        raise InvalidBody(f"{name} is one of {', '.join(known)}.", param=name, code="invalid_field")
