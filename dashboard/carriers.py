"""What carriers are called."""

from django.utils.translation import gettext as _

from tracking.carriers.registry import KNOWN, OTHER


def carrier_label(code: str, name: str = "") -> str:
    """A carrier's name: ours, or what the shop calls it."""
    known = KNOWN.get(code)
    if known is not None:
        return known.name
    return name or (code if code != OTHER else "") or _("Unknown carrier")
