"""The built-in messages: what each one shows, and its words.

`templates_builtin/` keeps design and words apart. `layout.mjml` and `blocks/` are the one design,
`layout.txt` the same for plain text; `<touchpoint>/<locale>.toml` holds nothing but words (plain
text with Liquid), which HTML, text and SMS share, so that they cannot drift and a translator never
meets markup. `[[name]]` in a layout is filled here, before MJML is compiled; Liquid is filled when
a message is sent.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from .errors import TemplateError
from .mjml import LIQUID

FOLDER = Path(__file__).resolve().parent.parent / "templates_builtin"
LOCALES = ("en", "de")
FALLBACK = "en"
SLOT = re.compile(r"\[\[(\w+)\]\]")

# Where a button leads that says nothing else.
ORDER_PAGE = "{{ links.portal | default: order_status_url | link }}"

Words = dict[str, str]


@dataclass(frozen=True)
class Touchpoint:
    """What a message is made of.

    `blocks` stand in it from top to bottom, and `parts` of blocks that not every message shows;
    `step` is how far the progress is, and `alert` makes the tone amber. `main` is what the shopper is
    to press: the button, or the answers of a survey.
    """

    blocks: tuple[str, ...]
    parts: frozenset[str] = frozenset()
    step: int = 0
    alert: bool = False
    main: str = "button"


PARTS = ("price_cell", "eta_row", "handover_rows")
PRICED = frozenset({"price_cell"})
PROMISED = frozenset({"eta_row"})

TOUCHPOINTS: Mapping[str, Touchpoint] = {
    "order_confirmation": Touchpoint(
        ("progress", "next", "order_facts", "items", "totals"), PRICED | PROMISED, step=1
    ),
    "order_cancelled": Touchpoint(("next", "items", "totals"), PRICED),
    "shipment_shipped": Touchpoint(("progress", "facts", "items"), PROMISED, step=2),
    "shipment_out_for_delivery": Touchpoint(("progress", "facts", "items"), PROMISED, step=3),
    "shipment_delivered": Touchpoint(
        ("progress", "next", "facts", "items"), frozenset({"handover_rows"}), step=4
    ),
    "shipment_delayed": Touchpoint(("progress", "next", "facts", "items"), PROMISED, step=2, alert=True),
    "shipment_exception": Touchpoint(("next", "facts", "items"), alert=True),
    "order_delayed": Touchpoint(("progress", "next", "order_facts", "items"), PROMISED, step=1, alert=True),
    "shipment_silent": Touchpoint(("progress", "next", "facts", "items"), step=2, alert=True),
    "lookup_link": Touchpoint(("next",)),
    "care_guide": Touchpoint(("guide", "items")),
    "replenishment": Touchpoint(("offers", "next")),
    "complement": Touchpoint(("offers",)),
    "welcome": Touchpoint(("next",)),
    "double_opt_in": Touchpoint(("next",)),
    "birthday": Touchpoint(("next",)),
    "win_back": Touchpoint(("next",)),
    "campaign": Touchpoint(("next",)),
    "address_changed": Touchpoint(("next",)),
    "claim_opened": Touchpoint(("claim", "next")),
    "claim_needs_more": Touchpoint(("claim", "next")),
    "claim_decided": Touchpoint(("claim", "next")),
    "return_requested": Touchpoint(("returned", "next")),
    "return_approved": Touchpoint(("send_back", "returned", "next")),
    "return_label": Touchpoint(("send_back", "returned", "next")),
    "return_moved": Touchpoint(("returned", "next")),
    "return_question": Touchpoint(("returned", "next")),
    "return_rejected": Touchpoint(("returned", "next")),
    "return_expiring": Touchpoint(("send_back", "returned", "next"), alert=True),
    "return_ended": Touchpoint(("returned", "next")),
    "exchange_payment": Touchpoint(("exchange", "next"), alert=True),
    "exchange_moved": Touchpoint(("exchange", "next")),
    "refund_moved": Touchpoint(("refund", "next")),
    "credit_given": Touchpoint(("next",)),
    "withdrawal_receipt": Touchpoint(("withdrawal", "next")),
    "withdrawal_notice": Touchpoint(("withdrawal", "next")),
    "order_changed": Touchpoint(("next", "items", "totals"), PRICED),
    "review_request": Touchpoint(("next", "items")),
    "survey_delivery": Touchpoint(("items",), main="answers"),
    "survey_shop": Touchpoint((), main="answers"),
    "survey_return": Touchpoint(("returned",), main="answers"),
    "survey_support": Touchpoint((), main="answers"),
    "case_opened": Touchpoint(("case", "next")),
    "case_answered": Touchpoint(("case", "next")),
}

# A problem gets its own words by the sub-status of the parcel, else by its status; without either
# the general ones. The codes are those of `tracking.statuses` (the floor below; not imported, so
# that rendering stays pure: a test holds them in step).
EXCEPTION_CODES = {
    "address": "exception.address exception.moved",
    "payment": "exception.payment_due",
    "customs": "exception.delay_customs exception.documents",
    "pickup": "available_for_pickup",
    "pickup_missed": "exception.pickup_missed",
    "attempt": "attempt_failed",
    "held": "exception.held exception.missorted exception.delay_carrier exception.delay_weather",
    "lost": "exception.lost exception.disposed",
    "damaged": "exception.damaged",
    "returning": "returning returned exception.refused exception.rejected_by_carrier",
}
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "shipment_exception": {
        code: variant for variant, codes in EXCEPTION_CODES.items() for code in codes.split()
    }
}


def resolve_locale(wanted: str) -> str:
    """The nearest language there is: "de-AT" gives "de", "fr" gives "en"."""
    language = wanted.replace("_", "-").split("-")[0].lower()
    return language if language in LOCALES else FALLBACK


@lru_cache(maxsize=128)
def words(touchpoint: str, locale: str, variant: str = "") -> Mapping[str, str]:
    """The words of a message, Liquid in them: the shared, its own, its variant's on top."""
    if touchpoint not in TOUCHPOINTS:
        raise TemplateError(f"there is no message called {touchpoint!r}")
    own = _toml(touchpoint, locale)
    variants: dict[str, Words] = own.pop("variants", {})
    if variant and variant not in variants:
        raise TemplateError(f"{touchpoint} has no variant {variant!r}")
    return {**_toml("common", locale), **own, **variants.get(variant, {})}


def own_words(touchpoint: str, locale: str, variant: str = "") -> Mapping[str, str]:
    """The words that belong to this message (or one of its variants) alone: what a merchant may word anew."""
    own = _toml(touchpoint, locale)
    variants: dict[str, Words] = own.pop("variants", {})
    return variants[variant] if variant else own


def mjml_source(touchpoint: str, locale: str, wording: Mapping[str, str]) -> str:
    """The whole message as MJML, words in place, Liquid still to be filled."""
    return _layout("mjml", TOUCHPOINTS[touchpoint], markup_slots(touchpoint, locale, wording))


def markup_slots(touchpoint: str, locale: str, wording: Mapping[str, str]) -> Words:
    """What the slots of the design are filled with in MJML: the words as markup, and how it looks."""
    kind = TOUCHPOINTS[touchpoint]
    return {name: as_markup(text) for name, text in wording.items()} | {
        "lang": locale,
        "step": str(kind.step),
        "mark": "late" if kind.alert else "done",
        "tone": "alert" if kind.alert else "",
        "eyebrow_color": "#9a4508" if kind.alert else "{{ brand.ink }}",
        "button_url": ORDER_PAGE,
    }


def text_source(touchpoint: str, wording: Mapping[str, str]) -> str:
    """The whole message as plain text, words in place, Liquid still to be filled."""
    return _layout("txt", TOUCHPOINTS[touchpoint], {**wording, "button_url": ORDER_PAGE})


def _layout(suffix: str, kind: Touchpoint, slots: Mapping[str, str]) -> str:
    """The layout with its blocks, their parts, then the words: each fills the one before."""
    parts = {part: partial(part, suffix).strip() if part in kind.parts else "" for part in PARTS}
    intro = fill(partial("intro", suffix), {"main": partial(kind.main, suffix).strip()})
    body = "\n".join([intro, *(partial(block, suffix) for block in kind.blocks), partial("footer", suffix)])
    return fill(fill(fill(layout(suffix), {"body": body}), parts), slots)


def fill(source: str, slots: Mapping[str, str]) -> str:
    """`source` with its `[[slots]]` filled, once: what is put in is not looked at again."""
    return SLOT.sub(lambda match: slots.get(match[1], match[0]), source)


def partial(name: str, suffix: str) -> str:
    """A block of the design, as MJML (`mjml`) or plain text (`txt`)."""
    return _read(f"blocks/{name}.{suffix}")


def layout(suffix: str) -> str:
    """The frame around a message's blocks, as MJML (`mjml`) or plain text (`txt`)."""
    return _read(f"layout.{suffix}")


def as_markup(text: str, *, line_break: str = "\n") -> str:
    """Plain words as MJML text: escaped, except for their Liquid.

    Double quotes too: the compiler writes the title into an attribute as it stands.
    """
    tags = [*LIQUID.findall(text), ""]
    escaped = [escape(part, quote=False).replace('"', "&quot;") for part in LIQUID.split(text)]
    plain = [part.replace("\n", line_break) for part in escaped]
    return "".join(part + tag for part, tag in zip(plain, tags, strict=True))


def _toml(folder: str, locale: str) -> dict[str, Any]:
    return tomllib.loads(_read(f"{folder}/{locale}.toml"))


@lru_cache(maxsize=64)
def _read(path: str) -> str:
    return (FOLDER / path).read_text(encoding="utf-8")
