"""A mail out of a merchant's blocks, in our design: as MJML, and as plain text of the same blocks.

A partial of `templates_builtin/blocks/` a kind, and here what is filled into it. Nothing that is written in a block
can break out of its place: words are escaped, addresses that are none become empty.
"""

from collections.abc import Callable, Mapping, Sequence

from . import catalog
from .block_kinds import DESIGN, ONLY_IF, UPLOADED, VARIABLE, Block, is_address
from .catalog import ORDER_PAGE, PARTS, fill, partial

Words = Mapping[str, str]
# What is filled in, and the block: what comes out.
Draw = Callable[[Block, Words], str]

_BIG, _SMALL = {"tag": "h1", "size": "30px"}, {"tag": "h2", "size": "21px"}


def mjml(touchpoint: str, locale: str, words: Words, blocks: Sequence[Block]) -> str:
    """The whole mail as MJML, Liquid still to be filled. words: those of the touchpoint, for what no block says."""
    slots = catalog.markup_slots(touchpoint, locale, words) | _parts(touchpoint, "mjml")
    first = next((block for block in blocks if block["kind"] == "heading"), None)
    drawn = [partial("top", "mjml")]
    for block in blocks:
        with_size = {**slots, **(_BIG if block is first else _SMALL)}
        drawn.append(_only_if(block, _MJML[block["kind"]](block, with_size), "<mj-raw>{0}</mj-raw>"))
    title = catalog.as_markup(first["text"]) if first else slots["subject"]
    return fill(catalog.layout("mjml"), {**slots, "heading": title, "body": "\n".join(drawn)})


def text(touchpoint: str, words: Words, blocks: Sequence[Block]) -> str:
    """The same as plain text."""
    slots = {**words, **_parts(touchpoint, "txt")}
    drawn = [_only_if(block, _TEXT[block["kind"]](block, slots).strip() + "\n\n", "{0}") for block in blocks]
    return fill(catalog.layout("txt"), {**slots, "body": "".join(drawn)})


def _parts(touchpoint: str, suffix: str) -> dict[str, str]:
    """How the step and the rows of our design stand in this message."""
    kind = catalog.TOUCHPOINTS[touchpoint]
    return {part: partial(part, suffix).strip() if part in kind.parts else "" for part in PARTS}


def _only_if(block: Block, drawn: str, tag: str) -> str:
    """A block between its conditions. An offer is shown to nobody who may not be sent any (`classes.Offers`)."""
    asked = [ONLY_IF[block["only_if"]]] if block["only_if"] in ONLY_IF else []
    asked += ["may_offer"] if block["kind"] == "offer" else []
    for condition in asked:
        drawn = tag.format(f"{{% if {condition} %}}") + drawn + tag.format("{% endif %}")
    return drawn


def _words(text: str) -> str:
    """Words as markup, with their line breaks."""
    return catalog.as_markup(text, line_break="<br />")


def address(text: str) -> str:
    """Liquid that gives the address a field says, escaped for markup; empty when it says none."""
    if uploaded := UPLOADED.fullmatch(text):
        return "{{ shop.pictures }}" + uploaded[1] + ".jpg"
    if variable := VARIABLE.fullmatch(text):
        return f"{{{{ {variable[1]} | link }}}}"
    return catalog.as_markup(text) if is_address(text) else ""


def _row(padding: str, *rows: str) -> str:
    return fill(partial("row", "mjml"), {"padding": padding, "row": "\n".join(rows)})


# --- as MJML ------------------------------------------------------------------------------------------


def _heading(block: Block, slots: Words) -> str:
    eyebrow = (
        fill(partial("eyebrow", "mjml"), {**slots, "eyebrow": _words(block["eyebrow"])})
        if block["eyebrow"]
        else ""
    )
    return _row("0", eyebrow, fill(partial("heading", "mjml"), {**slots, "heading": _words(block["text"])}))


def _paragraph(block: Block, slots: Words) -> str:
    title, words = _words(block["title"]), _words(block["text"])
    if block["look"] == "box":
        return fill(partial("next", "mjml"), {**slots, "next_title": title, "next": words})
    bold = f"<strong>{title}</strong><br />" if title else ""
    return _row(
        "0",
        f'<mj-text css-class="muted" color="#47564f" padding-bottom="22px">{bold}{words}</mj-text>',
    )


def _picture(block: Block, slots: Words) -> str:
    link = address(block["link"])
    filled = {
        "source": address(block["source"]), "alt": catalog.as_markup(block["alt"]),
        "open": f'<a href="{link}">' if link else "", "close": "</a>" if link else "",
    }  # fmt: skip
    return _row("0", fill(partial("picture", "mjml"), filled))


def _button(block: Block, slots: Words) -> str:
    filled = {"button": _words(block["label"]), "button_url": address(block["link"]) or ORDER_PAGE}
    return _row("0 0 8px", fill(partial("button", "mjml"), filled))


def _items(block: Block, slots: Words) -> str:
    price = partial("price_cell", "mjml") if block["prices"] != "no" else ""
    return fill(fill(partial("items", "mjml"), {"price_cell": price}), slots)


def _offer(block: Block, slots: Words) -> str:
    source, title = address(block["source"]), catalog.as_markup(block["title"])
    picture = (
        '<td width="104" valign="top" style="width:104px"><img src="' + source + '" alt="' + title + '" width="88"'
        ' style="display:block;width:88px;height:auto;border-radius:10px" /></td>'
    ) if source else ""  # fmt: skip
    filled = {
        "title": title, "picture": picture, "label": _words(block["label"]), "link": address(block["link"]),
        "text": "<br />" + _words(block["text"]) if block["text"] else "",
        "price": f"<br /><strong>{_words(block['price'])}</strong>" if block["price"] else "",
    }  # fmt: skip
    return fill(partial("offer", "mjml"), filled)


def _stars(block: Block, slots: Words) -> str:
    return _row("0 0 8px", fill(partial("stars", "mjml"), {**slots, "text": _words(block["text"])}))


def _footer(block: Block, slots: Words) -> str:
    own = {"help_title": _words(block["title"]), "help": _words(block["text"])}
    return fill(partial("footer", "mjml"), {**slots, **own})


def _as_designed(suffix: str) -> Draw:
    def draw(block: Block, slots: Words) -> str:
        name = "offers" if block["kind"] == "products" else block["kind"]
        parts = {part: slots[part] for part in PARTS}
        drawn = fill(fill(partial(name, suffix), parts), slots)
        return _row("0 0 8px", drawn) if suffix == "mjml" and name == "answers" else drawn

    return draw


_MJML: Mapping[str, Draw] = {
    "heading": _heading, "text": _paragraph, "picture": _picture, "button": _button, "items": _items,
    "offer": _offer, "stars": _stars, "footer": _footer,
    **dict.fromkeys(("progress", *DESIGN), _as_designed("mjml")),
}  # fmt: skip


# --- as plain text ------------------------------------------------------------------------------------


def _plain_address(text: str) -> str:
    return address(text).replace("&amp;", "&")


def _plain_items(block: Block, slots: Words) -> str:
    price = partial("price_cell", "txt").strip("\n") if block["prices"] != "no" else ""
    return fill(fill(partial("items", "txt"), {"price_cell": price}), slots)


def _plain_offer(block: Block, slots: Words) -> str:
    own = {
        **block,
        "link": _plain_address(block["link"]),
        "price": f": {block['price']}" if block["price"] else "",
    }
    return fill(partial("offer", "txt"), own)


def _plain_button(block: Block, slots: Words) -> str:
    link = _plain_address(block["link"]) or ORDER_PAGE
    return fill(partial("button", "txt"), {"button": block["label"], "button_url": link})


_TEXT: Mapping[str, Draw] = {
    "heading": lambda block, slots: block["text"],
    "text": lambda block, slots: f"{block['title']}\n{block['text']}",
    "picture": lambda block, slots: f"[{block['alt']}]\n{_plain_address(block['link'])}",
    "button": _plain_button,
    "items": _plain_items,
    "offer": _plain_offer,
    "stars": lambda block, slots: fill(partial("stars", "txt"), {**slots, "text": block["text"]}),
    "footer": lambda block, slots: fill(
        partial("footer", "txt"), {**slots, "help_title": block["title"], "help": block["text"]}
    ),
    **dict.fromkeys(("progress", *DESIGN), _as_designed("txt")),
}
