"""Why something comes back: the chips that a shopper chooses from, and what each of them leads to."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from returns.policy.choices import Resolution

_R = Resolution


@dataclass(frozen=True, slots=True)
class Reason:
    """One chip. needs_photos: the shop wants to see it. fits: the resolutions that help most, best first."""

    code: str
    name: Promise
    needs_photos: bool = False
    fits: tuple[str, ...] = ()


_SIZE: Final = (_R.EXCHANGE, _R.INSTANT_EXCHANGE, _R.STORE_CREDIT)
_BROKEN: Final = (_R.REPLACEMENT, _R.REFUND, _R.REPAIR)

REASONS: Final[dict[str, Reason]] = {
    reason.code: reason
    for reason in (
        Reason("too_small", _("Too small"), fits=_SIZE),
        Reason("too_big", _("Too big"), fits=_SIZE),
        Reason("looks_different", _("Looks different"), fits=(_R.EXCHANGE, _R.STORE_CREDIT)),
        Reason("quality", _("Quality"), fits=(_R.STORE_CREDIT, _R.REFUND)),
        Reason("defective", _("Defective"), needs_photos=True, fits=_BROKEN),
        Reason("damaged", _("Arrived damaged"), needs_photos=True, fits=_BROKEN),
        Reason("wrong_item", _("Wrong item"), needs_photos=True, fits=_BROKEN),
        Reason("too_late", _("Too late"), fits=(_R.REFUND, _R.STORE_CREDIT)),
        Reason("changed_mind", _("Changed my mind"), fits=(_R.STORE_CREDIT, _R.REFUND)),
    )
}
