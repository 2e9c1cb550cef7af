"""What the team reads about blocks: their kinds, their fields, when they are shown."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications import variables
from notifications.rendering.block_kinds import ADVERTISING, Block

KINDS: dict[str, Promise] = {
    "heading": _("Heading"),
    "text": _("Text"),
    "picture": _("Picture"),
    "button": _("Button"),
    "items": _("Items"),
    "progress": _("Progress of the parcel"),
    "offer": _("Offer"),
    "stars": _("Stars for a review"),
    "footer": _("Footer"),
    "order_facts": _("Details of the order"),
    "facts": _("Details of the parcel"),
    "totals": _("Amounts"),
    "products": _("Products chosen for the shopper"),
    "guide": _("Guide of the product"),
    "answers": _("Answers of the survey"),
    "returned": _("What comes back"),
    "send_back": _("How it is sent back"),
    "exchange": _("The exchange"),
    "refund": _("The refund"),
    "claim": _("The claim"),
    "case": _("The report"),
    "withdrawal": _("The withdrawal"),
}

FIELDS: dict[str, Promise] = {
    "eyebrow": _("Small line above the heading"),
    "title": _("Title"),
    "text": _("Text"),
    "look": _("Look"),
    "source": _("Picture"),
    "alt": _("What is in the picture, for who does not see it"),
    "label": _("Words on the button"),
    "link": _("Leads to"),
    "prices": _("Prices"),
    "price": _("Price"),
    "only_if": _("Shown"),
    "subject": _("Subject"),
    "preheader": _("Preview line in the inbox"),
}

CHOICES: dict[tuple[str, str], Promise] = {
    ("look", "plain"): _("Plain"),
    ("look", "box"): _("In a coloured box"),
    ("prices", "yes"): _("With prices"),
    ("prices", "no"): _("Without prices"),
}

ONLY_IF: dict[str, Promise] = {
    "": _("always"),
    "name": _("only if the shopper’s name is known"),
    "eta": _("only if the delivery date is known"),
    "tracking": _("only if there is a tracking number"),
    "several": _("only if the order comes in several parcels"),
    "pickup": _("only if it waits at a pick-up point"),
    "place": _("only if it was left with a neighbour or at a safe place"),
    "discount": _("only if there was a discount"),
}

CHANGES: dict[str, Promise] = {
    "new": _("New"),
    "gone": _("Removed"),
    "moved": _("Moved"),
    "changed": _("Changed"),
}

HINTS: dict[str, Promise] = {
    "link": _(
        "Empty: to the page of the order, or what the message is about. Else https:// or one variable."
    ),
    "offer.link": _("The page of what you offer: https:// or one variable."),
    "picture.link": _("Where a tap on the picture leads: https:// or one variable. Empty: nowhere."),
    "source": _("JPEG, PNG or WebP, at most 12 MB. We draw it anew as a JPEG."),
}

NOTES: dict[str, Promise] = {
    "offer": _(
        "Only who may be sent offers sees it: in this message that is who agreed, or may be asked by law."
    ),
    "footer": _("Your address, the legal links and the way out stand below it in every message."),
    "stars": _("Each star leads to your page for reviews, with {answer} in its address if that is there."),
    "design": _("Filled by us from the order. There is nothing to write here."),
}


def note(kind: str, has_fields: bool) -> str:
    """What is worth knowing about a kind, "" for nothing."""
    if kind in ADVERTISING:
        return str(NOTES["offer"]) if kind == "offer" else str(NOTES["design"])
    return str(NOTES.get(kind) or ("" if has_fields else NOTES["design"]))


def hint(kind: str, field: str) -> str:
    """What is worth knowing about a field, "" for nothing."""
    return str(HINTS.get(f"{kind}.{field}") or HINTS.get(field) or "")


def called(block: Block, touchpoint: str, locale: str) -> str:
    """A block in one line: its kind and how its words begin, filled with a made-up order."""
    words = next((block[name] for name in ("title", "label", "alt", "text") if block.get(name)), "")
    words = variables.reads(touchpoint, locale, words)
    kind = str(KINDS[block["kind"]])
    return f"{kind}: {words[:80]}{'…' if len(words) > 80 else ''}" if words else kind


def value(field: str, text: str) -> str:
    """What a field says, in words."""
    if field == "only_if":
        return str(ONLY_IF.get(text, text))
    if text.startswith("picture:"):
        return _("uploaded picture %(short)s") % {"short": text[8:14]}
    return str(CHOICES.get((field, text), text))
