"""The door for pushes: recognised, stored, answered. The work comes after (`tracking.pushes.inbox`)."""

import hashlib
from collections import ChainMap
from collections.abc import Callable, Mapping
from functools import wraps

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from events import due
from merchants.models import Merchant
from merchants.rest.decode import read_body
from merchants.rest.errors import NotAuthenticated, Problem, as_problem, respond
from merchants.scope import merchant_scope
from tracking.accounts import accesses
from tracking.pushes.carriers import PUSHES, QUERY_TOKEN, token_of
from tracking.pushes.models import CarrierPush, PushState

INBOX = "tracking.pushes"


def _door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """POST only, errors as the API tells them, 503 when it cannot be stored, so that the carrier sends it again."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: str) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except (Problem, OperationalError, InterfaceError) as error:
            problem = as_problem(error)
            assert problem is not None
            return respond(problem)

    return guarded


@_door
def carrier(request: HttpRequest, carrier: str, slug: str) -> HttpResponse:
    """Take in what a carrier pushes about a merchant's parcels.

    401 for a bad signature, an unknown merchant and a carrier that does not push, all alike; 413 for a body over the
    limit. A second delivery of the same body changes nothing.
    """
    body = read_body(request)
    push = PUSHES.get(carrier)
    merchant = Merchant.objects.filter(slug=slug).defer("logo").first()
    known = _secrets(merchant, carrier) if merchant is not None and push is not None else []
    if push is None or merchant is None or not push.verify(_told(request), body, known):
        raise NotAuthenticated("The push is not signed with a secret of this carrier and shop.")
    now = timezone.now()
    row = CarrierPush(
        merchant=merchant, carrier=carrier, digest=hashlib.sha256(body).digest(), body=body, received_at=now,
        due_at=now, state=PushState.WAITING,
    )  # fmt: skip
    with merchant_scope(merchant), transaction.atomic():
        CarrierPush.objects.bulk_create([row], ignore_conflicts=True)
        due.ring_when_committed(INBOX)
    return HttpResponse(status=200)


def _told(request: HttpRequest) -> Mapping[str, str]:
    """The headers, and the token of the address beside them."""
    return ChainMap({QUERY_TOKEN: request.GET.get("token", "")}, request.headers)  # type: ignore[arg-type]


def _secrets(merchant: Merchant, carrier: str) -> list[str]:
    """The secret of the merchant's account (17TRACK signs with the key itself), and what we derived for it."""
    access = accesses([(merchant.pk, carrier)]).get((merchant.pk, carrier))
    own = access.account.credentials if access is not None else {}
    named = [own.get("webhook_secret", ""), own.get("api_key", "") if carrier == "17track" else ""]
    return [secret for secret in (*named, *token_of(merchant.pk, carrier)) if secret]
