"""REST: why things come back."""

from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.rest.views import ApiView
from orders.schemas import In
from returns.policy.choices import Resolution
from returns.reasons import MOST, REASONS, Reason, known, set_reasons

Code = Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$(?!\n)")]


class ReasonIn(In):
    """A reason: one of the usual codes, or your own, which needs words. Words that are left out are the usual ones.

    types: the product types that it is offered for, in any capitals; none: all. parent: the code of the reason that it
    is a sub-reason of, one level deep. suggests: the best first; none: as it is.
    """

    code: Code
    words: dict[Literal["en", "de"], Annotated[str, Meta(max_length=60)]] = {}
    is_on: bool = True
    needs_photos: bool = False
    names_fault: bool = False
    suggests: Annotated[list[Resolution], Meta(max_length=10)] = []
    types: Annotated[list[Annotated[str, Meta(min_length=1, max_length=255)]], Meta(max_length=50)] = []
    parent: Annotated[str, Meta(max_length=40)] = ""


class ReasonsIn(In):
    """Your reasons, in the order in which shoppers read them. Those that are not named are off."""

    data: Annotated[list[ReasonIn], Meta(min_length=1, max_length=MOST)]


class ReasonOut(msgspec.Struct, kw_only=True):
    """A reason. `code` is what a return's line has; `words`: yours by language, empty where the usual one holds.

    names_fault: it speaks against the product. suggests: the resolutions that help most, the best first. types: the
    product types that it is offered for, none: all. parent: the code of the reason that it is a sub-reason of, or "".
    """

    code: str
    words: dict[str, str]
    is_on: bool
    is_own: bool
    needs_photos: bool
    names_fault: bool
    suggests: list[str]
    types: list[str]
    parent: str


class ReasonsOut(msgspec.Struct, kw_only=True):
    """Your reasons, in the order in which shoppers read them, each before its sub-reasons."""

    data: list[ReasonOut]


class Reasons(ApiView):
    """Why things come back."""

    scopes = {"GET": "returns:read", "PUT": "returns:write"}

    @extend_schema(operation_id="return_reasons", responses={200: ReasonsOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Read the reasons that shoppers can choose, and those that are off."""
        return self.show(_all())

    @extend_schema(operation_id="return_reasons_put", request=ReasonsIn, responses={200: ReasonsOut})
    def put(self, request: HttpRequest) -> HttpResponse:
        """Put your reasons in place of the ones before. Those that are not named stay, and are off."""
        set_reasons(self.merchant, [_given(told) for told in self.body(ReasonsIn).data])
        return self.show(_all())


def _given(told: ReasonIn) -> Reason:
    before = known().get(told.code)
    return Reason(
        told.code, "", needs_photos=told.needs_photos, names_fault=told.names_fault, is_off=not told.is_on,
        suggests=tuple(told.suggests) or (before.suggests if before else ()),
        words={name: told.words.get(name, "").strip() for name in ("en", "de")},
        types=tuple(dict.fromkeys(kind.strip() for kind in told.types if kind.strip())), parent=told.parent,
    )  # fmt: skip


def _all() -> ReasonsOut:
    return ReasonsOut(data=[_shown(reason) for reason in known().values()])


def _shown(reason: Reason) -> ReasonOut:
    return ReasonOut(
        code=reason.code, words=dict(reason.words), is_on=not reason.is_off, is_own=reason.code not in REASONS,
        needs_photos=reason.needs_photos, names_fault=reason.names_fault,
        suggests=[str(value) for value in reason.suggests], types=list(reason.types), parent=reason.parent,
    )  # fmt: skip
