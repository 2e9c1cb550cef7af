"""REST: files of a return: its label and its packing slip."""

import hashlib
from base64 import b64decode
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.ids import parse_public_id
from merchants.rest.errors import NotFound, Unprocessable
from merchants.rest.parameters import query
from merchants.rest.views import ApiView, is_known
from orders.schemas import In
from returns import queries
from returns.api import shown_return
from returns.logistics import labelling
from returns.logistics.slip import packing_slip
from returns.models import ReturnLine
from returns.shown import ReturnOut

_PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}
_PDF_OR_PNG = {**_PDF, (200, "image/png"): OpenApiTypes.BINARY}


class LabelIn(In):
    """A label of your own: the PDF in base64, and the number of its parcel."""

    pdf: Annotated[str, Meta(min_length=8, max_length=2_700_000, description="Base64.")]
    tracking_number: Annotated[str, Meta(max_length=100)] = ""
    carrier: Annotated[str, Meta(max_length=40)] = ""


class ReturnLabelFile(ApiView):
    """The label of a return."""

    scopes = {"GET": "returns:read", "POST": "returns:write"}

    @extend_schema(
        operation_id="returns_label", responses=_PDF_OR_PNG,
        parameters=[query("kind", "The label, or the code to show at a counter.", values=("label", "qr"))],
    )  # fmt: skip
    def get(self, request: HttpRequest, return_id: str) -> HttpResponse:
        """Download the label."""
        label = labelling.label_of(queries.get_return(parse_public_id("ret", return_id)))
        held = label.qr if request.GET.get("kind") == "qr" else label.pdf
        if held is None:
            raise NotFound("There is no such file for this return.", param="kind")
        return _file_of(request, bytes(held), f"label-{return_id}")

    @extend_schema(operation_id="returns_label_send", request=LabelIn, responses={200: ReturnOut})
    def post(self, request: HttpRequest, return_id: str) -> HttpResponse:
        """Send a label of your own; again, it replaces the one before."""
        return self.once(f"POST /returns/{return_id}/label", lambda: self._send(return_id))

    def _send(self, return_id: str) -> HttpResponse:
        parsed, body = queries.named_return(return_id), self.body(LabelIn)
        try:
            pdf = b64decode(body.pdf, validate=True)
        except ValueError:  # binascii.Error too, of what is ASCII
            raise Unprocessable("This is not base64.", param="pdf", code="not_a_pdf") from None
        labelling.supply(
            self.merchant, parsed, pdf, carrier=body.carrier, tracking_number=body.tracking_number
        )
        return self.show(shown_return(parsed))


class PackingSlip(ApiView):
    """The page that lies in the parcel."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="returns_packing_slip", responses=_PDF)
    def get(self, request: HttpRequest, return_id: str) -> HttpResponse:
        """Download the packing slip as PDF."""
        ret = queries.get_return(parse_public_id("ret", return_id))
        lines: list[ReturnLine] = list(ret.lines.all())
        return _file_of(request, packing_slip(self.merchant, ret, lines), ret.number)


def _file_of(request: HttpRequest, data: bytes, name: str) -> HttpResponse:
    """A PDF (or the PNG of a code) to be saved, with its `ETag`. Nothing in it is ever run by a browser."""
    tag = f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'
    if is_known(request, tag):
        return HttpResponse(status=304, headers={"ETag": tag})
    kind, ending = ("application/pdf", "pdf") if data.startswith(b"%PDF-") else ("image/png", "png")
    headers = {
        "ETag": tag,
        "Content-Disposition": content_disposition_header(True, f"{name}.{ending}"),
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(data, content_type=kind, headers=headers)
