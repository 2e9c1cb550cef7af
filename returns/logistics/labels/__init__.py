"""Who makes labels, by name. A new one is a module with `make`, and a line here."""

from typing import Final

from returns.logistics.labels import dhl_returns, easypost, sendcloud, shippo
from returns.logistics.labels.base import Maker

MAKERS: Final[dict[str, Maker]] = {
    "dhl_returns": dhl_returns.make,
    "easypost": easypost.make,
    "sendcloud": sendcloud.make,
    "shippo": shippo.make,
}
