"""A mail composed of blocks: which may stand in which message, what is wrong with some, versions and differences.

A version of a merchant's words (`own_models.WordsVersion`) may hold blocks for a variant of a message. Then they are
its mail, and of the words only the subject, the preview line and the texts for other channels count. Without them: our
design. Each language has its own; one without any goes out in our design, never in another language.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from notifications import own_words
from notifications.choices import MessageClass
from notifications.classes import Offers, rules_of
from notifications.models import MessagePicture, WordsVersion
from notifications.rendering import TemplateError, catalog, render, sample_context, sandbox
from notifications.rendering.block_kinds import (
    ADVERTISING,
    KINDS,
    MOST_BLOCKS,
    ONLY_IF,
    UPLOADED,
    Block,
    Field,
    Type,
    clean,
    is_address,
    is_picture,
)
from notifications.rendering.templates import only, worded
from notifications.touchpoints import TOUCHPOINTS

# Of the words, what still counts where a mail is made of blocks.
BESIDE: Final = ("subject", "preheader", "sms", "push")
HEAD: Final = ("subject", "preheader")
# About nobody's order, or about more than one: there are no items to show.
_NO_ORDER: Final = frozenset(
    {
        "welcome",
        "birthday",
        "win_back",
        "replenishment",
        "double_opt_in",
        "withdrawal_receipt",
        "withdrawal_notice",
    }
)
# A campaign is written where it is sent.
_NOT_COMPOSED: Final = frozenset({"campaign"})
# Nothing but their button does what they are sent for.
_NEEDS_BUTTON: Final = frozenset({"double_opt_in", "lookup_link", "exchange_payment"})
_FILES: Final = {"offers": "products"}

# Of which block (its id; "" for all of them) and which field something is said.
Place = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """What became of a block from one version to the next. what: new, gone, moved or changed.

    fields: of a changed one, each with its text before and after.
    """

    what: str
    block: Block
    fields: Sequence[tuple[str, str, str]] = ()


def can_be_composed(touchpoint: str) -> bool:
    """Whether a message's mail can be made of blocks."""
    return touchpoint in TOUCHPOINTS and touchpoint not in _NOT_COMPOSED


def kinds_of(touchpoint: str) -> list[str]:
    """The kinds of blocks that a message has room for; the footer is there without being added."""
    ours = {_FILES.get(name, name) for name in _designed(touchpoint)}
    about_order = set() if touchpoint in _NO_ORDER else {"items", "totals", "order_facts"}
    asks = {"stars"} if touchpoint == "review_request" else set()
    allowed = {"heading", "text", "picture", "button", "offer", *asks, *about_order, *ours} - {"footer"}
    if rules_of(TOUCHPOINTS[touchpoint].message_class).offers == Offers.NEVER:
        allowed -= ADVERTISING
    return [kind for kind in KINDS if kind in allowed]


def conditions_of(touchpoint: str) -> list[str]:
    """What "only if" can ask in a message."""
    return ["name"] if touchpoint in _NO_ORDER else list(ONLY_IF)


def _designed(touchpoint: str) -> list[str]:
    design = catalog.TOUCHPOINTS[touchpoint]
    return [*(["answers"] if design.main == "answers" else []), *(b for b in design.blocks if b != "next")]


def default(touchpoint: str, locale: str, variant: str, own: own_words.Words) -> list[Block]:
    """Our design with a merchant's words, as blocks: what goes out while nothing was composed."""
    words = {
        **catalog.words(touchpoint, locale, variant),
        **own_words.shown(touchpoint, locale, variant, own),
    }
    design = catalog.TOUCHPOINTS[touchpoint]
    greeting = (
        f"{{% if customer.first_name %}}{words['greeting']}\n{{% endif %}}" if words["greeting"] else ""
    )
    made: list[Block] = [
        {"kind": "heading", "eyebrow": words["eyebrow"], "text": words["heading"]},
        {"kind": "text", "text": greeting + words["lead"]},
        {"kind": "answers"} if design.main == "answers" else {"kind": "button", "label": words["button"]},
    ]
    for name in design.blocks:
        if name == "next" and (words["next"] or words["next_title"]):
            made.append({"kind": "text", "title": words["next_title"], "text": words["next"], "look": "box"})
        elif name == "items":
            made.append({"kind": "items", "prices": "yes" if "price_cell" in design.parts else "no"})
        elif name != "next":
            made.append({"kind": _FILES.get(name, name)})
    made.append({"kind": "footer", "title": words["help_title"], "text": words["help"]})
    return [blank(block["kind"], f"b{n}") | block for n, block in enumerate(made, 1)]


def blank(kind: str, block_id: str) -> Block:
    """A new block of a kind."""
    fields = {field.name: field.choices[0] if field.choices else "" for field in KINDS[kind]}
    return {"id": block_id, "kind": kind, "only_if": "", **fields}


def blocks_of(version: WordsVersion | None, touchpoint: str, locale: str, variant: str) -> list[Block]:
    """The blocks that a version's mail is made of; those of our design when it has none of its own."""
    found = clean(version.blocks.get(variant)) if version else []
    return found or default(touchpoint, locale, variant, version.words if version else {})


# --- what is wrong ------------------------------------------------------------------------------------


def faults(
    touchpoint: str, locale: str, variant: str, head: Mapping[str, str], blocks: Sequence[Block]
) -> dict[Place, str]:
    """What is wrong with a composed mail, by block and field, each a sentence for people. Empty: it can be saved.

    head: its subject and preview line; what is wrong with them stands under ("", place). Needs the merchant's scope.
    """
    texts = {**own_words.built_in(touchpoint, locale, variant), **head}
    found = {
        ("", place): why
        for place, why in own_words.faults(touchpoint, locale, variant, texts).items()
        if place in HEAD
    }
    found |= _faults_of_list(touchpoint, blocks)
    allowed = {*kinds_of(touchpoint), "footer"}
    for block in blocks:
        if block["kind"] not in allowed:
            found[block["id"], ""] = _why_not(touchpoint, block["kind"])
            continue
        if block["only_if"] and block["only_if"] not in conditions_of(touchpoint):
            found[block["id"], "only_if"] = _("This message cannot tell.")
        for field in KINDS[block["kind"]]:
            if why := _fault(field, block[field.name]):
                found[block["id"], field.name] = why
    if not found and (why := _fails(touchpoint, locale, variant, texts, blocks)):
        found["", ""] = why
    return found


def _faults_of_list(touchpoint: str, blocks: Sequence[Block]) -> dict[Place, str]:
    kinds = [block["kind"] for block in blocks]
    ids = [block["id"] for block in blocks]
    if len(blocks) > MOST_BLOCKS:
        return {("", ""): _("At most %(count)d blocks.") % {"count": MOST_BLOCKS}}
    if len(set(ids)) != len(ids):
        return {("", ""): _("A block is there twice.")}
    if kinds.count("footer") != 1 or kinds[-1] != "footer":
        return {("", ""): _("The footer stands at the end, once.")}
    if not set(kinds) - {"footer"}:
        return {("", ""): _("Something has to stand above the footer.")}
    rules = TOUCHPOINTS[touchpoint]
    if rules.message_class == MessageClass.LEGAL:
        shown = {block["kind"] for block in blocks if not block["only_if"]}
        missing = {_FILES.get(name, name) for name in _designed(touchpoint)} - shown
        if missing:
            return {
                ("", ""): _(
                    "The law asks for this message: the part that says what was declared has to stay."
                )
            }
    if touchpoint in _NEEDS_BUTTON and not any(_leads_on(block) for block in blocks):
        return {
            ("", ""): _(
                "This message is there for its button: one without an address of its own has to stay."
            )
        }
    return {}


def _leads_on(block: Block) -> bool:
    return block["kind"] == "button" and block["link"] in ("", "{{ links.portal }}") and not block["only_if"]


def _why_not(touchpoint: str, kind: str) -> str:
    if kind in ADVERTISING and rules_of(TOUCHPOINTS[touchpoint].message_class).offers == Offers.NEVER:
        return _("The law asks for this message, so it must not advertise anything.")
    return _("This message has nothing to show here.")


def _fault(field: Field, text: str) -> str:
    if not text:
        return _("Something has to stand here.") if field.is_needed else ""
    if len(text) > field.longest:
        return _("At most %(count)d characters.") % {"count": field.longest}
    if field.type == Type.CHOICE:
        return "" if text in field.choices else _("There is no such value.")
    try:
        sandbox.parse_words(text)
    except TemplateError as error:
        return _("This cannot be read: %(why)s.") % {"why": error}
    if field.type == Type.LINK and not is_address(text):
        return _("Write an address that begins with https://, or one variable such as {{ links.portal }}.")
    if field.type == Type.PICTURE:
        return _fault_of_picture(text)
    return ""


def _fault_of_picture(text: str) -> str:
    if not is_picture(text):
        return _("Choose an uploaded picture, or write an address that begins with https://.")
    uploaded = UPLOADED.fullmatch(text)
    if uploaded and not MessagePicture.objects.filter(digest=uploaded[1]).exists():
        return _("This picture was not uploaded here.")
    return ""


def _fails(
    touchpoint: str, locale: str, variant: str, texts: Mapping[str, str], blocks: Sequence[Block]
) -> str:
    """Why the mail would fail for a made-up order, "" when it does not."""
    try:
        template = worded(touchpoint, locale, "email", {variant: dict(texts)}, {variant: blocks})
        mail = render(only(template, touchpoint, variant), sample_context(locale, touchpoint))
    except TemplateError as error:
        return _("The message cannot be filled: %(why)s.") % {"why": error}
    if len(mail.html.encode()) > own_words.LARGEST_MAIL:
        return _("The mail gets larger than %(size)d KB.") % {"size": own_words.LARGEST_MAIL // 1000}
    return ""


def unknown_variables(touchpoint: str, locale: str, blocks: Sequence[Block]) -> dict[Place, list[str]]:
    """Variables that no message has, by block and field: they would stay empty. For warnings, not errors."""
    found = {}
    for block in blocks:
        for field in KINDS[block["kind"]]:
            if unknown := own_words.unknown_variables(touchpoint, locale, {"": block[field.name]}):
                found[block["id"], field.name] = unknown
    return found


# --- versions -----------------------------------------------------------------------------------------


def save(
    merchant: Merchant, touchpoint: str, locale: str, variant: str, head: Mapping[str, str],
    blocks: Sequence[Block], *, based_on: int,
) -> WordsVersion:  # fmt: skip
    """Save a composed mail with its subject and preview line as a new version, which counts from the next message on.

    based_on: the number of the version that was changed, 0 when there was none. Raises Unprocessable for what `faults`
    finds something in, and Conflict when somebody else saved meanwhile.
    """
    if not can_be_composed(touchpoint) or variant not in own_words.variants(touchpoint):
        raise Unprocessable(
            _("This message cannot be composed."), param="touchpoint", code="invalid_template"
        )
    with merchant_transaction(merchant):
        if found := faults(touchpoint, locale, variant, head, blocks):
            (block_id, field), why = next(iter(found.items()))
            raise Unprocessable(
                why, param=f"{block_id}.{field}".strip(".") or "blocks", code="invalid_template"
            )
        before = own_words.latest(touchpoint, locale)
        standing = own_words.built_in(touchpoint, locale, variant)
        words = dict(before.words) if before else {}
        kept = {place: text for place, text in words.get(variant, {}).items() if place not in HEAD}
        kept |= {place: head[place] for place in HEAD if head[place].strip() != standing[place].strip()}
        words = {each: own for each, own in {**words, variant: kept}.items() if own}
        composed = {**(before.blocks if before else {}), variant: list(blocks)}
        return own_words.store(merchant, touchpoint, locale, words, composed, before, based_on)


def drop(merchant: Merchant, touchpoint: str, locale: str, variant: str, *, based_on: int) -> WordsVersion:
    """Back to our design, as a new version; the blocks stay in the versions before. Raises Conflict as `save`."""
    with merchant_transaction(merchant):
        before = own_words.latest(touchpoint, locale)
        words, composed = (before.words, dict(before.blocks)) if before else ({}, {})
        composed.pop(variant, None)
        return own_words.store(merchant, touchpoint, locale, words, composed, before, based_on)


def differences(before: Sequence[Block], after: Sequence[Block]) -> list[Change]:
    """Block by block what is new, gone, changed or moved, in the order of the newer version; what is gone last."""
    old = {block["id"]: block for block in before}
    new = {block["id"] for block in after}
    moved = _moved([b["id"] for b in before if b["id"] in new], [b["id"] for b in after if b["id"] in old])
    found = []
    for block in after:
        was = old.get(block["id"])
        if was is None or was["kind"] != block["kind"]:
            found.append(Change("new", block))
            continue
        names = ("only_if", *(field.name for field in KINDS[block["kind"]]))
        fields = [(name, was[name], block[name]) for name in names if was[name] != block[name]]
        if fields or block["id"] in moved:
            found.append(Change("changed" if fields else "moved", block, fields))
    kept = {block["id"]: block["kind"] for block in after}
    return found + [Change("gone", block) for block in before if kept.get(block["id"]) != block["kind"]]


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The fewest that have to be moved to get from one order to the other."""
    same: set[str] = set()
    for match in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks():
        same |= set(before[match.a : match.a + match.size])
    return set(after) - same
