"""REST: why things come back."""

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.rest.views import ApiView
from returns.reasons import REASONS, Reason, known


class ReasonOut(msgspec.Struct, kw_only=True):
    """A reason. `code` is what a return's line has; `words`: yours by language, empty where the usual one holds.

    names_fault: it speaks against the product. suggests: the resolutions that help most, the best first.
    """

    code: str
    words: dict[str, str]
    is_on: bool
    is_own: bool
    needs_photos: bool
    names_fault: bool
    suggests: list[str]


class ReasonsOut(msgspec.Struct, kw_only=True):
    """Your reasons, in the order in which shoppers read them."""

    data: list[ReasonOut]


class Reasons(ApiView):
    """Why things come back."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="return_reasons", responses={200: ReasonsOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Read the reasons that shoppers can choose, and those that are off. They are written in the dashboard."""
        return self.show(ReasonsOut(data=[_shown(reason) for reason in known().values()]))


def _shown(reason: Reason) -> ReasonOut:
    return ReasonOut(
        code=reason.code, words=dict(reason.words), is_on=not reason.is_off, is_own=reason.code not in REASONS,
        needs_photos=reason.needs_photos, names_fault=reason.names_fault,
        suggests=[str(value) for value in reason.suggests],
    )  # fmt: skip
