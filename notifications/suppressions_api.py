"""REST: the suppression list."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.ids import parse_public_id, public_id
from merchants.rest.errors import InvalidParameter, NotFound
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from notifications import suppressions
from notifications.choices import ADDRESSED
from notifications.models import Suppression, SuppressionReason

_READ, _WRITE = "messages:read", "messages:write"


class SuppressionIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An address that is not written to any more, by your own decision."""

    channel: Literal["email", "sms"]
    address: Annotated[
        str, Meta(min_length=3, max_length=254, description="An e-mail address, or a number as +49….")
    ]
    detail: Annotated[str, Meta(max_length=500, description="Why, for your team.")] = ""


class SuppressionOut(msgspec.Struct, kw_only=True):
    """An address that is not written to. `reason`: bounced, complained, unsubscribed or manual."""

    id: str
    channel: str
    address: str
    reason: str
    detail: str
    created_at: datetime


class LiftedOut(msgspec.Struct, kw_only=True):
    """It is written to again."""

    id: str
    deleted: bool


def show_suppression(row: Suppression) -> SuppressionOut:
    """A suppression as the API shows it."""
    return SuppressionOut(
        id=public_id("sup", row.pk), channel=row.channel, address=row.address, reason=row.reason,
        detail=row.detail, created_at=row.created_at,
    )  # fmt: skip


class Suppressions(ApiView):
    """The list."""

    scopes = {"GET": _READ, "POST": _WRITE}

    @extend_schema(
        operation_id="suppressions_list",
        parameters=[
            query("address", "One address, whole."),
            query("channel", "Of one channel.", values=list(ADDRESSED)),
            query("reason", "Why it is not written to.", values=SuppressionReason.values),
            *PAGING,
        ],
        responses={200: Page[SuppressionOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List the addresses that are not written to, newest first."""
        asked = request.GET
        for name, known in (("channel", list(ADDRESSED)), ("reason", SuppressionReason.values)):
            if asked.get(name) and asked[name] not in known:
                raise InvalidParameter(f"{name} is one of {', '.join(known)}.", param=name)
        rows = suppressions.found(asked.get("address", ""), asked.get("channel", ""), asked.get("reason", ""))
        return self.show(newest_first(rows, asked, show_suppression))

    @extend_schema(operation_id="suppressions_create", request=SuppressionIn, responses={201: SuppressionOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Write to an address no more. Done twice it changes nothing."""
        return self.once("POST /suppressions", self._create)

    def _create(self) -> HttpResponse:
        body = self.body(SuppressionIn)
        row = suppressions.suppress(
            self.merchant, body.channel, body.address, SuppressionReason.MANUAL, body.detail
        )
        return self.show(show_suppression(row), 201)


class OneSuppression(ApiView):
    """One entry of the list."""

    scopes = {"GET": _READ, "DELETE": _WRITE}

    @extend_schema(operation_id="suppressions_read", responses={200: SuppressionOut})
    def get(self, request: HttpRequest, suppression_id: str) -> HttpResponse:
        """Read an entry of the suppression list."""
        row = Suppression.objects.filter(pk=parse_public_id("sup", suppression_id)).first()
        if row is None:
            raise NotFound("There is no such suppression.", param="suppression_id")
        return self.show(show_suppression(row))

    @extend_schema(operation_id="suppressions_delete", responses={200: LiftedOut})
    def delete(self, request: HttpRequest, suppression_id: str) -> HttpResponse:
        """Write to an address again: somebody mended it, or asks for it."""
        return self.once(f"DELETE /suppressions/{suppression_id}", lambda: self._lift(suppression_id))

    def _lift(self, suppression_id: str) -> HttpResponse:
        suppressions.lift(self.merchant, parse_public_id("sup", suppression_id))
        return self.show(LiftedOut(id=suppression_id, deleted=True))
