"""Whose keys a carrier is asked with: the merchant's own, else the installation's."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from merchants.http import DEFAULT_TIMEOUT, Timeout
from merchants.scope import platform_scope
from merchants.transport import CONNECT_TIMEOUT
from tracking import routes
from tracking.carriers.base import Account, PollAdvice
from tracking.gates import Pace
from tracking.models import CarrierAccount


@dataclass(frozen=True)
class Access:
    """An account at a carrier.

    key: the same for everyone who uses the same credentials. circuit: what failures are counted under: the key, and
    one for each merchant where the installation lends its credentials.
    """

    carrier: str
    key: str
    account: Account
    circuit: str

    def pace(self, advice: PollAdvice) -> Pace:
        """What the carrier allows; a larger allowance that was bought stands in the credentials."""
        own = self.account.credentials
        return Pace(
            calls_per_second=_positive(own.get("calls_per_second")) or advice.calls_per_second,
            calls_per_day=int(_positive(own.get("calls_per_day")) or advice.calls_per_day),
        )


def accesses(pairs: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], Access]:
    """The access of each (merchant, carrier); pairs that have none are left out. One query.

    Without one of the carrier's own it is that of a relative or of an aggregator (`tracking.routes`).
    """
    wanted = set(pairs)
    with platform_scope("reading the carrier accounts of a batch of parcels"):
        codes = {code for _, carrier in wanted for code in (carrier, *routes.others(carrier))}
        rows = CarrierAccount.objects.filter(
            merchant_id__in={merchant_id for merchant_id, _ in wanted}, carrier__in=codes
        )
        own = {(row.merchant_id, row.carrier): read_credentials(row.credentials) for row in rows}
    found = {}
    for merchant_id, carrier in wanted:
        access = _access(merchant_id, carrier, own.get((merchant_id, carrier)))
        for other in routes.others(carrier) if access is None else ():
            credentials = own.get((merchant_id, other))
            access = access or (_access(merchant_id, other, credentials) if credentials else None)
        if access is not None:
            found[merchant_id, carrier] = access
    return found


def read_credentials(text: str) -> dict[str, str]:
    """Stored credentials as a dictionary: empty when they cannot be read (the secret key was lost)."""
    try:
        values = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}


def _access(merchant_id: UUID, carrier: str, own: Mapping[str, str] | None) -> Access | None:
    url, common = _of_installation().get(carrier, ("", {}))
    credentials = own or common
    if not credentials and carrier != "sandbox":
        return None
    digest = hashlib.sha256(json.dumps(credentials, sort_keys=True).encode()).hexdigest()[:16]
    limit = settings.CARRIER_TIMEOUT
    account = Account(
        credentials=credentials,
        base_url=url or settings.CARRIER_URLS.get(carrier, ""),
        timeout=Timeout(min(CONNECT_TIMEOUT, limit), min(DEFAULT_TIMEOUT.read, limit), limit),
        allow=frozenset(settings.OUTBOUND_ALLOW),
    )
    key = f"{carrier}:{digest}"
    return Access(carrier, key, account, circuit=key if own else f"{key}:{merchant_id.hex}")


def _of_installation() -> dict[str, tuple[str, dict[str, str]]]:
    """Carrier → (address of its API, credentials for merchants without their own)."""
    found = {
        code: (settings.CARRIER_URLS.get(code, ""), keys) for code, keys in settings.CARRIER_KEYS.items()
    }
    dhl = {"api_key": settings.DHL_API_KEY} if settings.DHL_API_KEY else {}
    return {**found, "dhl": (settings.DHL_API_URL, dhl)}


def _positive(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0
    return value if 0 < value < 1_000_000_000 else 0
