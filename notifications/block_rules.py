"""Which blocks may stand in which message, and what is wrong with some.

The class of a message decides whether something to buy may stand in it (`classes.Offers`); what the law asks for says
what it has to say, whatever else is composed around it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _

from notifications import own_words, variables
from notifications.choices import MessageClass
from notifications.classes import Offers, rules_of
from notifications.models import MessagePicture
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
    is_address,
    is_picture,
    kind_of,
)
from notifications.rendering.templates import worded_as
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

# Of which block (its id; "" for all of them) and which field something is said.
Place = tuple[str, str]


def can_be_composed(touchpoint: str) -> bool:
    """Whether a message's mail can be made of blocks."""
    return touchpoint in TOUCHPOINTS and touchpoint not in _NOT_COMPOSED


def kinds_of(touchpoint: str) -> list[str]:
    """The kinds of blocks that a message has room for; the footer is there without being added."""
    ours = {kind_of(name) for name in _designed(touchpoint)}
    about_order = set() if touchpoint in _NO_ORDER else {"items", "totals", "order_facts"}
    asks = {"stars"} if touchpoint == "review_request" else set()
    allowed = {"heading", "text", "picture", "button", "offer", *asks, *about_order, *ours} - {"footer"}
    known = TOUCHPOINTS[touchpoint]
    if known.to_address or rules_of(known.message_class).offers == Offers.NEVER:
        allowed -= ADVERTISING
    return [kind for kind in KINDS if kind in allowed]


def conditions_of(touchpoint: str) -> list[str]:
    """What "only if" can ask in a message."""
    return ["name"] if touchpoint in _NO_ORDER else list(ONLY_IF)


def _designed(touchpoint: str) -> list[str]:
    design = catalog.TOUCHPOINTS[touchpoint]
    return [*(["answers"] if design.main == "answers" else []), *(b for b in design.blocks if b != "next")]


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
    if why := _fault_of_list(touchpoint, blocks):
        found["", ""] = why
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


def _fault_of_list(touchpoint: str, blocks: Sequence[Block]) -> str:
    """What is wrong with the list as a whole, "" for nothing."""
    kinds = [block["kind"] for block in blocks]
    if len(blocks) > MOST_BLOCKS:
        return _("At most %(count)d blocks.") % {"count": MOST_BLOCKS}
    if len({block["id"] for block in blocks}) != len(blocks):
        return _("A block is there twice.")
    if kinds.count("footer") != 1 or kinds[-1] != "footer":
        return _("The footer stands at the end, once.")
    if kinds == ["footer"]:
        return _("Something has to stand above the footer.")
    always = {block["kind"] for block in blocks if not block["only_if"]}
    asked_by_law = TOUCHPOINTS[touchpoint].message_class == MessageClass.LEGAL
    if asked_by_law and not always.issuperset(kind_of(name) for name in _designed(touchpoint)):
        return _("The law asks for this message: the part that says what was declared has to stay.")
    if touchpoint in _NEEDS_BUTTON and not any(_leads_on(block) for block in blocks):
        return _("This message is there for its button: one without an address of its own has to stay.")
    return ""


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
        template = worded_as(touchpoint, locale, "email", {variant: dict(texts)}, variant, blocks)
        mail = render(template, sample_context(locale, touchpoint))
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
            if unknown := variables.unknown(touchpoint, locale, {"": block[field.name]}):
                found[block["id"], field.name] = unknown
    return found
