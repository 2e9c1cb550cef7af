"""Facts about devices: part of the public API. What a device is called by its push service stays in its row."""

from uuid import UUID

from events.facts import FactData, fact


class DeviceFact(FactData):
    """What every fact about a device tells."""

    device_id: UUID


@fact("push.enabled")
class PushEnabled(DeviceFact):
    """A shopper tapped: this device is told about the order."""


@fact("push.disabled")
class PushDisabled(DeviceFact):
    """A device is not told any more. `reason`: `shopper`, or `gone` when its push service said so."""

    reason: str
