"""What carriers are called."""

from django.utils.translation import gettext as _

from tracking.carriers.registry import OTHER, carrier_name


def carrier_label(code: str, name: str = "") -> str:
    """A carrier's name: ours, or what the shop calls it."""
    known = carrier_name(code) if code else ""
    if known and known != code:
        return known
    return name or (code if code != OTHER else "") or _("Unknown carrier")
