"""REST: photos of a return."""

import hashlib
from base64 import b64decode
from datetime import datetime
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.ids import parse_public_id, public_id
from merchants.pictures import photo_response
from merchants.rest.errors import Unprocessable
from merchants.rest.views import ApiView, is_known
from orders.schemas import In
from returns import queries
from returns.models import ReturnPhoto
from returns.photos import add_photo


class PhotoIn(In):
    """A photo in base64: JPEG, PNG or WebP. line: what your shop calls the order line that it shows."""

    photo: Annotated[str, Meta(min_length=8, max_length=2_700_000, description="Base64.")]
    line: Annotated[str, Meta(max_length=191)] = ""


class PhotoOut(msgspec.Struct, kw_only=True):
    """A photo, at `GET /returns/{id}/photos/{photo}` as JPEG. by: shopper or team."""

    id: str
    return_line_id: str | None
    by: str
    created_at: datetime


class PhotosOut(msgspec.Struct, kw_only=True):
    """All photos of a return, oldest first."""

    data: list[PhotoOut]


class ReturnPhotos(ApiView):
    """The photos of a return."""

    scopes = {"GET": "returns:read", "POST": "returns:write"}

    @extend_schema(operation_id="returns_photos", responses={200: PhotosOut})
    def get(self, request: HttpRequest, return_id: str) -> HttpResponse:
        """List the photos of a return."""
        rows = ReturnPhoto.objects.filter(ret_id=queries.named_return(return_id)).defer("image")
        return self.show(PhotosOut(data=[_shown(row) for row in rows.select_related("entry").order_by("id")]))

    @extend_schema(operation_id="returns_photos_add", request=PhotoIn, responses={201: PhotoOut})
    def post(self, request: HttpRequest, return_id: str) -> HttpResponse:
        """Add a photo that a shopper sent you: it stands with their request. It is drawn anew; where and with what it
        was taken is left behind."""
        return self.once(f"POST /returns/{return_id}/photos", lambda: self._add(return_id))

    def _add(self, return_id: str) -> HttpResponse:
        parsed, body = queries.named_return(return_id), self.body(PhotoIn)
        try:
            photo = b64decode(body.photo, validate=True)
        except ValueError:  # binascii.Error too, of what is ASCII
            raise Unprocessable("This is not base64.", param="photo", code="photo_broken") from None
        return self.show(_shown(add_photo(self.merchant, parsed, photo, line=body.line)), 201)


class OneReturnPhoto(ApiView):
    """A photo of a return."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="returns_photo", responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: HttpRequest, return_id: str, picture_id: str) -> HttpResponse:
        """Download a photo as JPEG."""
        ret = queries.get_return(parse_public_id("ret", return_id))
        image = queries.photo_of(ret, parse_public_id("rph", picture_id))
        tag = f'"{hashlib.blake2b(image, digest_size=12).hexdigest()}"'
        if is_known(request, tag):
            return HttpResponse(status=304, headers={"ETag": tag})
        answer = photo_response(image)
        answer["ETag"] = tag
        return answer


def _shown(row: ReturnPhoto) -> PhotoOut:
    return PhotoOut(
        id=public_id("rph", row.pk), by=row.entry.side, created_at=row.created_at,
        return_line_id=public_id("rln", row.line_id) if row.line_id else None,
    )  # fmt: skip
