"""How the carriers do for one merchant: its access, when somebody answered last, what went wrong, what waits."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from merchants.audit import record_change
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from tracking import routes
from tracking.accounts import accesses
from tracking.carriers.base import CarrierError, NotFound, TrackingResult
from tracking.carriers.registry import KNOWN, adapter
from tracking.models import CarrierAccount, CarrierGate, Shipment, UnreadAnswer

# No parcel has it: a carrier that says "not found" has read our key.
_NOBODYS_NUMBER = "00340434161094000000"
_RECENT = timedelta(days=7)
_YOUNG = timedelta(days=60)


@dataclass(frozen=True)
class Health:
    """A carrier as one merchant sees it. `source`: own, installation or none. Times are UTC."""

    code: str
    name: str
    source: str
    last_answer: datetime | None
    asked: int
    failing: int
    unread: int
    closed_until: datetime | None
    closed_because: str
    calls_today: int

    @property
    def failing_percent(self) -> int:
        return round(100 * self.failing / self.asked) if self.asked else 0


def healths(merchant: Merchant, codes: list[str]) -> list[Health]:
    """The health of these carriers in the open scope: four queries."""
    now = timezone.now()
    found = accesses((merchant.pk, code) for code in codes)
    own = set(CarrierAccount.objects.filter(carrier__in=codes).values_list("carrier", flat=True))
    mine = {code: found[merchant.pk, code] for code in codes if (merchant.pk, code) in found}
    keys = {code: (access.key, access.circuit) for code, access in mine.items()}
    wanted = [*codes, *(key for pair in keys.values() for key in pair)]
    gates = {gate.key: gate for gate in CarrierGate.objects.filter(key__in=wanted)}
    # By their age first, which has an index: who is still asked about an older parcel changes no picture.
    young = Shipment.objects.filter(created_at__gt=now - _YOUNG, carrier__in=codes)
    recent = young.filter(polled_at__gt=now - _RECENT).values("carrier")
    asked = {
        row["carrier"]: row
        for row in recent.annotate(
            count=Count("pk"),
            failing=Count("pk", filter=~Q(poll_error="") & ~Q(poll_error__startswith="not_found")),
            last=Max("polled_at", filter=Q(poll_error="") | Q(poll_error__startswith="not_found")),
        ).order_by()
    }
    unread = dict(
        UnreadAnswer.objects.filter(carrier__in=codes, received_at__gt=now - _RECENT)
        .values_list("carrier")
        .annotate(Count("pk"))
        .order_by()
    )
    return [
        _health(code, keys, code in own, gates, asked.get(code, {}), unread.get(code, 0), now)
        for code in codes
    ]


def _health(
    code: str,
    keys: dict[str, tuple[str, str]],
    is_own: bool,
    gates: dict[str, CarrierGate],
    asked: dict[str, Any],
    unread: int,
    now: datetime,
) -> Health:
    key, circuit = keys.get(code, ("", ""))
    mine = [gates[name] for name in (key, circuit, code) if name in gates]
    closed = [gate for gate in mine if gate.opens_at is not None and gate.opens_at > now]
    longest = max(closed, key=lambda gate: gate.opens_at or now, default=None)
    gate = gates.get(key)
    return Health(
        code=code,
        name=KNOWN[code].name,
        source="own" if is_own else "installation" if code in keys else "none",
        last_answer=asked.get("last"),
        asked=asked.get("count", 0),
        failing=asked.get("failing", 0),
        unread=unread,
        closed_until=longest.opens_at if longest else None,
        closed_because=longest.reason if longest else "",
        calls_today=gate.calls if gate is not None and gate.day == now.date() else 0,
    )


def try_access(merchant: Merchant, carrier: str) -> str:
    """Ask a carrier about a number that nobody has. Returns "" when it let us in, else the error's code.

    Outside of any transaction; counts against the carrier's limits as any other question.
    """
    access = accesses([(merchant.pk, carrier)]).get((merchant.pk, carrier))
    asking = adapter(carrier)
    if access is None or asking is None:
        return "no_access"
    [answer] = asking.track([_NOBODYS_NUMBER], replace(access.account, only_look=True))
    if isinstance(answer, TrackingResult | NotFound):
        return ""
    assert isinstance(answer, CarrierError)
    return answer.code


def remove_account(merchant: Merchant, carrier: str) -> None:
    """Forget the merchant's own credentials; from now on the installation's are used, where there are some."""
    with merchant_transaction(merchant):
        if CarrierAccount.objects.filter(carrier=carrier).delete()[0]:
            routes.forget(merchant)
            record_change("carrier_account.removed", carrier, KNOWN[carrier].name)
