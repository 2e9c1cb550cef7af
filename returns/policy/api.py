"""REST: the return policy, read and put in force by a program."""

from datetime import datetime
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.rest.views import ApiView
from returns.policy.commands import save_policy
from returns.policy.model import Policy, from_stored
from returns.policy.models import PolicyVersion


class PolicyIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A policy to be put in force from now on, as a whole.

    based_on: the version that was changed (0: the built-in one); when it is given and is not the newest any more, the
    answer is 409. note: what was changed, for the list of versions.
    """

    policy: Policy
    based_on: Annotated[int, Meta(ge=0)] | None = None
    note: Annotated[str, Meta(max_length=200)] = ""


class PolicyInForceOut(msgspec.Struct, kw_only=True):
    """The policy in force. version 0 is the built-in one, which nobody saved."""

    version: int
    policy: Policy
    note: str = ""
    saved_at: datetime | None = None
    saved_by: str = ""


class ReturnPolicy(ApiView):
    """The rules for returns."""

    scopes = {"GET": "returns:read", "PUT": "returns:write"}

    @extend_schema(operation_id="return_policy_read", responses={200: PolicyInForceOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Read the return policy in force."""
        newest = PolicyVersion.objects.order_by("-number").first()
        return self.show(_shown(newest) if newest else PolicyInForceOut(version=0, policy=Policy()))

    @extend_schema(operation_id="return_policy_put", request=PolicyIn, responses={200: PolicyInForceOut})
    def put(self, request: HttpRequest) -> HttpResponse:
        """Put a return policy in force. The same one again changes nothing."""
        told = self.body(PolicyIn)
        return self.show(
            _shown(save_policy(self.merchant, told.policy, based_on=told.based_on, note=told.note))
        )


def _shown(row: PolicyVersion) -> PolicyInForceOut:
    return PolicyInForceOut(
        version=row.number, policy=from_stored(row.policy), note=row.note, saved_at=row.saved_at, saved_by=row.saved_by
    )  # fmt: skip
