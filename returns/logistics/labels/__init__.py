"""Who makes labels, by name. A new one is a module with `make`, `check` and `CREDENTIALS`, and a line here."""

from collections.abc import Callable, Mapping
from typing import Final

from returns.logistics.labels import dhl_returns, easypost, sendcloud, shippo
from returns.logistics.labels.base import Account, Maker
from tracking.carriers.base import Credential

MAKERS: Final[dict[str, Maker]] = {
    "dhl_returns": dhl_returns.make,
    "easypost": easypost.make,
    "sendcloud": sendcloud.make,
    "shippo": shippo.make,
}
# Look whether an access is known, without making a label. Raise Refused and NotNow.
CHECKS: Final[Mapping[str, Callable[[Account], None]]] = {
    "dhl_returns": dhl_returns.check,
    "easypost": easypost.check,
    "sendcloud": sendcloud.check,
    "shippo": shippo.check,
}
# What each of them gives its customers.
CREDENTIALS: Final[Mapping[str, tuple[Credential, ...]]] = {
    "dhl_returns": dhl_returns.CREDENTIALS,
    "easypost": easypost.CREDENTIALS,
    "sendcloud": sendcloud.CREDENTIALS,
    "shippo": shippo.CREDENTIALS,
}
