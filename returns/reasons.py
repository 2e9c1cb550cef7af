"""Why things come back: the usual reasons, and a shop's own; what each asks for, and what it suggests first.

The codes are stored with each returned item and part of the API: a reason is never deleted, it is off. A shop can word
each of them, put them in another order, say which need a photo and which name a fault of the product, and add its own.
A reason can be for some product types only, and have sub-reasons, one level deep: "Does not fit" has "Too small".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_scopes import get_scope

from merchants import audit
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import current_merchant, merchant_transaction
from returns.policy.choices import Resolution as R
from returns.shop_models import OwnReasons

MOST: Final = 40  # of one shop, with those that are off
_HELD: Final = "_reasons"  # of the merchant of a request: it is asked for by every line of a page


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason. needs_photos: the shop wants to see it. suggests: the resolutions that help most, the best first.

    names_fault: it speaks against the product or how it is described, not against who bought it. words: the shop's own,
    by language; is_off: shoppers cannot choose it. types: of the products that it is offered for, none: for all.
    parent: the code of the reason that it is a sub-reason of, "" for none.
    """

    code: str
    name: Promise | str
    needs_photos: bool = False
    suggests: tuple[R, ...] = ()
    names_fault: bool = False
    is_off: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    parent: str = ""

    def is_for(self, product_type: str) -> bool:
        """Whether it is offered for a product of this type ("" for one without), however that is capitalised."""
        return not self.types or product_type.casefold() in {kind.casefold() for kind in self.types}


_SIZE: Final = (R.EXCHANGE, R.INSTANT_EXCHANGE, R.STORE_CREDIT)
_BROKEN: Final = (R.REPLACEMENT, R.REFUND, R.REPAIR)

# In the order in which shoppers read them, unless the shop has one of its own.
USUAL: Final = (
    Reason("too_small", _("Too small"), suggests=_SIZE, names_fault=True),
    Reason("too_big", _("Too big"), suggests=_SIZE, names_fault=True),
    Reason("looks_different", _("Looks different"), suggests=(R.EXCHANGE, R.STORE_CREDIT), names_fault=True),
    Reason("quality", _("Quality"), suggests=(R.STORE_CREDIT, R.REFUND), names_fault=True),
    Reason("defective", _("Defective"), needs_photos=True, suggests=_BROKEN, names_fault=True),
    Reason("damaged", _("Arrived damaged"), needs_photos=True, suggests=_BROKEN),
    Reason("wrong_item", _("Wrong item"), needs_photos=True, suggests=_BROKEN),
    Reason("too_late", _("Too late"), suggests=(R.REFUND, R.STORE_CREDIT)),
    Reason("changed_mind", _("Changed my mind"), suggests=(R.STORE_CREDIT, R.REFUND)),
)
REASONS: Final = {reason.code: reason for reason in USUAL}


def known() -> Mapping[str, Reason]:
    """Every reason of the open scope's merchant by its code, each before its sub-reasons: one query a request.

    Those that are off too.
    """
    merchant = current_merchant()
    held: dict[str, Reason] | None = merchant.__dict__.get(_HELD)
    if held is None:
        row = OwnReasons.objects.values_list("reasons", flat=True).first()
        held = merchant.__dict__[_HELD] = {reason.code: reason for reason in _in_groups(_read(row or []))}
    return held


def offered(product_type: str | None = None) -> list[Reason]:
    """The reasons that shoppers can choose, in the shop's order: for a product of this type, or (None) for any.

    A sub-reason is offered where its parent is too.
    """
    held = known()

    def is_on(reason: Reason) -> bool:
        return not reason.is_off and (product_type is None or reason.is_for(product_type))

    return [
        reason
        for reason in held.values()
        if is_on(reason) and (not reason.parent or is_on(held[reason.parent]))
    ]


def asks_for_types() -> bool:
    """Whether a reason is offered for some product types only."""
    return any(reason.types for reason in known().values())


def name_of(code: str) -> str:
    """A reason in the active language, after its parent; its code when it is none of the shop's, "" for none."""
    found = known().get(code)
    if found is None:
        return code
    return f"{known()[found.parent].name} · {found.name}" if found.parent else str(found.name)


def with_parent(code: str) -> frozenset[str] | None:
    """What a rule about the reason looks at: the reason, and the one that it is a sub-reason of. None for none."""
    if not code:
        return None
    found = known().get(code)
    return frozenset({code.casefold(), found.parent} if found and found.parent else {code.casefold()})


def with_subs(codes: Iterable[str]) -> frozenset[str]:
    """Some reasons, and all their sub-reasons."""
    named = frozenset(codes)
    return named | {code for code, reason in known().items() if reason.parent in named}


def misplaced(reasons: Sequence[Reason]) -> list[int]:
    """The places of those whose parent is not among them, is they themselves, or has a parent too."""
    parents = {reason.code for reason in reasons if not reason.parent}
    return [place for place, reason in enumerate(reasons) if reason.parent and reason.parent not in parents]


def set_reasons(merchant: Merchant, reasons: Sequence[Reason]) -> bool:
    """Put a shop's own reasons in place of the ones before. Those that are not named stay, and are off.

    Returns whether anything changed. Raises Unprocessable: `reasons_off` when a product would be left without one,
    `reason_parent`, `reason_twice`, `reason_without_words`, `too_many_reasons`.
    """
    _check(reasons)
    with merchant_transaction(merchant):
        before = [_stored(reason) for reason in known().values()]
        named = {reason.code for reason in reasons}
        rest = [replace(reason, is_off=True) for code, reason in known().items() if code not in named]
        if len(reasons) + len(rest) > MOST:
            raise Unprocessable(
                f"{MOST} reasons at most, with those that are off.", param="data", code="too_many_reasons"
            )
        after = [_stored(reason) for reason in _in_groups([*reasons, *rest])]
        if after == before:
            return False
        OwnReasons.objects.update_or_create(
            merchant=merchant, defaults={"reasons": after, "updated_at": timezone.now()}
        )
        was = {row["code"]: row for row in before}
        changes = {row["code"]: [was.get(row["code"]), row] for row in after if row != was.get(row["code"])}
        audit.record_change("settings.reasons", changes={code: list(both) for code, both in changes.items()})
    merchant.__dict__.pop(_HELD, None)
    current = get_scope().get("merchant")
    if isinstance(current, Merchant):
        current.__dict__.pop(_HELD, None)
    return True


def _check(reasons: Sequence[Reason]) -> None:
    if all(reason.is_off or reason.types or reason.parent for reason in reasons):
        raise Unprocessable(
            "Shoppers need a reason to choose, whatever they bought.", param="data", code="reasons_off"
        )
    for place in misplaced(reasons):
        raise Unprocessable(
            "The parent is another reason of the list that has none.", param=f"data[{place}].parent",
            code="reason_parent",
        )  # fmt: skip
    seen: set[str] = set()
    for place, reason in enumerate(reasons):
        if reason.code in seen:
            raise Unprocessable("Name a reason once.", param=f"data[{place}].code", code="reason_twice")
        seen.add(reason.code)
        if reason.code not in REASONS and not any(word.strip() for word in reason.words.values()):
            raise Unprocessable(
                "A reason of your own needs words.", param=f"data[{place}].words", code="reason_without_words"
            )


def _in_groups(reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Each reason before its sub-reasons, else in the order given; one whose parent is none stands alone."""
    given = list(reasons)
    parents = {reason.code for reason in given if not reason.parent}
    for reason in given:
        if reason.parent not in parents:
            yield replace(reason, parent="")
            yield from (sub for sub in given if sub.parent == reason.code and reason.code in parents)


def _read(rows: Any) -> Iterator[Reason]:
    """What is stored as reasons, then the usual ones that it does not name. What cannot be read is left out."""
    seen = set()
    for row in rows if isinstance(rows, list) else []:
        code = row.get("code") if isinstance(row, dict) else None
        if not isinstance(code, str) or code in seen:
            continue
        seen.add(code)
        usual = REASONS.get(code)
        suggests = tuple(R(value) for value in row.get("suggests", []) if value in R.values)
        kinds = row.get("types")
        yield Reason(
            code, _spoken(str(row.get("en", "")), str(row.get("de", "")), usual.name if usual else code),
            needs_photos=bool(row.get("needs_photos")), suggests=suggests or (usual.suggests if usual else ()),
            names_fault=bool(row.get("names_fault")), is_off=bool(row.get("is_off")),
            words={"en": str(row.get("en", "")), "de": str(row.get("de", ""))},
            types=tuple(str(kind) for kind in kinds) if isinstance(kinds, list) else (),
            parent=str(row.get("parent", "")),
        )  # fmt: skip
    yield from (reason for code, reason in REASONS.items() if code not in seen)


def _stored(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code, **{name: reason.words.get(name, "") for name in ("en", "de")},
        "needs_photos": reason.needs_photos, "names_fault": reason.names_fault, "is_off": reason.is_off,
        "suggests": [str(value) for value in reason.suggests], "types": list(reason.types), "parent": reason.parent,
    }  # fmt: skip


def _word(en: str, de: str, usual: Any) -> str:
    """The shop's word in the language that is active; else the usual one, else the other language's."""
    own = {"en": en, "de": de}.get((get_language() or "en")[:2], "")
    return own or (str(usual) if isinstance(usual, Promise) else en or de or str(usual))


_spoken = lazy(_word, str)
