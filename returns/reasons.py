"""Why things come back: two levels of reasons, what each of them asks for, and what it suggests first.

The codes are stored with each returned item and part of the API. A shop cannot change the tree yet.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from returns.policy.choices import Resolution as R


@dataclass(frozen=True, slots=True)
class Reason:
    """A leaf. needs_photos: the shop wants to see it. suggests: the resolutions that help most, the best first.

    names_fault: it speaks against the product or how it is described, not against who bought it.
    """

    code: str
    name: Promise
    needs_photos: bool = False
    suggests: tuple[R, ...] = ()
    names_fault: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """The first level: reasons that belong together. types: of which product types only; none: of all."""

    code: str
    name: Promise
    reasons: tuple[Reason, ...]
    types: frozenset[str] = frozenset()


_SIZE: Final = (R.EXCHANGE, R.INSTANT_EXCHANGE, R.STORE_CREDIT)
_BROKEN: Final = (R.REPLACEMENT, R.REFUND, R.REPAIR)

TREE: Final = (
    Branch("size", _("It does not fit"), (
        Reason("too_small", _("Too small"), suggests=_SIZE, names_fault=True),
        Reason("too_big", _("Too big"), suggests=_SIZE, names_fault=True),
    )),
    Branch("expected", _("It is not what I expected"), (
        Reason("looks_different", _("Looks different"), suggests=(R.EXCHANGE, R.STORE_CREDIT), names_fault=True),
        Reason("quality", _("Quality"), suggests=(R.STORE_CREDIT, R.REFUND), names_fault=True),
    )),
    Branch("problem", _("Something is wrong with it"), (
        Reason("defective", _("Defective"), needs_photos=True, suggests=_BROKEN, names_fault=True),
        Reason("damaged", _("Arrived damaged"), needs_photos=True, suggests=_BROKEN),
        Reason("wrong_item", _("Wrong item"), needs_photos=True, suggests=_BROKEN),
    )),
    Branch("mind", _("I do not need it any more"), (
        Reason("too_late", _("Too late"), suggests=(R.REFUND, R.STORE_CREDIT)),
        Reason("changed_mind", _("Changed my mind"), suggests=(R.STORE_CREDIT, R.REFUND)),
    )),
)  # fmt: skip

REASONS: Final = {reason.code: reason for branch in TREE for reason in branch.reasons}


def tree_for(product_type: str) -> tuple[Branch, ...]:
    """The reasons for a product of this type, as the shop calls it."""
    kind = product_type.casefold()
    return tuple(branch for branch in TREE if not branch.types or kind in branch.types)


def name_of(code: str) -> str:
    """A reason in the language that is active; its code when it is none of ours, "" for none."""
    known = REASONS.get(code)
    return str(known.name) if known else code
