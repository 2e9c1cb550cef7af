"""REST: the merchant's branches, where returns are handed in."""

from datetime import datetime
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.ids import NOBODY, parse_public_id, public_id
from merchants.rest.views import ApiView
from orders.schemas import In
from returns.branches import add_branch, remove_branch, renew_branch
from returns.models import Branch


class BranchIn(In):
    """A branch. hours: in words, for shoppers."""

    name: Annotated[str, Meta(pattern=r"\S", max_length=80)]
    address: Annotated[str, Meta(max_length=300)] = ""
    hours: Annotated[str, Meta(max_length=200)] = ""


class BranchOut(msgspec.Struct, kw_only=True):
    """A branch. token, pin: of its link and its staff, shown once, when they are made."""

    id: str
    name: str
    address: str
    hours: str
    created_at: datetime
    token: str = ""
    pin: str = ""


class BranchesOut(msgspec.Struct, kw_only=True):
    """All branches."""

    data: list[BranchOut]


class Branches(ApiView):
    """Branches."""

    scopes = {"GET": "returns:read", "POST": "returns:write"}

    @extend_schema(operation_id="branches_list", responses={200: BranchesOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """List the branches where returns are handed in."""
        return self.show(BranchesOut(data=[_shown(row) for row in Branch.objects.order_by("name", "id")]))

    @extend_schema(operation_id="branches_add", request=BranchIn, responses={201: BranchOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Add a branch. Its phones are let in at `/b/{token}/` of your portal, with the PIN."""
        return self.once("POST /branches", self._add)

    def _add(self) -> HttpResponse:
        told = self.body(BranchIn)
        made, token, pin = add_branch(self.merchant, told.name, address=told.address, hours=told.hours)
        return self.show(_shown(made, token, pin), 201)


class OneBranch(ApiView):
    """One branch."""

    scopes = {"DELETE": "returns:write"}

    @extend_schema(operation_id="branches_remove", responses={200: BranchOut})
    def delete(self, request: HttpRequest, branch_id: str) -> HttpResponse:
        """Remove a branch: its link and its phones are refused from now on. What it took in stays."""
        pk = parse_public_id("brn", branch_id) or NOBODY
        return self.once(
            f"DELETE /branches/{branch_id}", lambda: self.show(_shown(remove_branch(self.merchant, pk)))
        )


class RenewBranch(ApiView):
    """The link and PIN of a branch."""

    scopes = {"POST": "returns:write"}

    @extend_schema(operation_id="branches_renew", request=None, responses={200: BranchOut})
    def post(self, request: HttpRequest, branch_id: str) -> HttpResponse:
        """Make another link and PIN: the ones before, and every phone that was let in, are refused from now on."""
        pk = parse_public_id("brn", branch_id) or NOBODY
        return self.show(_shown(*renew_branch(self.merchant, pk)))


def _shown(row: Branch, token: str = "", pin: str = "") -> BranchOut:
    return BranchOut(
        id=public_id("brn", row.pk), name=row.name, address=row.address, hours=row.hours,
        created_at=row.created_at, token=token, pin=pin,
    )  # fmt: skip
