"""Blocks as cards of a form: each field with its words, what is wrong with it, and variables that no message has."""

from typing import Any

from dashboard.messaging import block_words
from dashboard.messaging.block_drafts import Draft, picture_of
from dashboard.messaging.look import Place
from notifications import block_rules, own_pictures
from notifications.own_words import LONGEST
from notifications.rendering.block_kinds import KINDS, MOST_BLOCKS, Block, Field, Type


def head(draft: Draft) -> list[dict[str, Any]]:
    """The fields of the subject and the preview line."""
    return [
        {
            "name": place,
            "label": block_words.FIELDS[place],
            "value": draft.head[place],
            "longest": LONGEST[place],
            "error": draft.errors.get(("", place), ""),
        }
        for place in block_rules.HEAD
    ]


def faults(place: Place, draft: Draft) -> list[tuple[str, str, Any]]:
    """What is wrong at a field, as (where to jump to, what it is called, why)."""
    called = {each["id"]: block_words.called(each, place.touchpoint, place.locale) for each in draft.blocks}
    found = []
    for (block_id, field), why in draft.errors.items():
        if block_id in called:
            label = f"{called[block_id]} · {block_words.FIELDS[field]}" if field else called[block_id]
            found.append((f"{block_id}-{field or 'card'}", label, why))
        elif field:
            found.append((field, str(block_words.FIELDS[field]), why))
    return found


def kinds(touchpoint: str) -> list[tuple[str, Any]]:
    """The kinds that can be added, with their names."""
    return [(kind, block_words.KINDS[kind]) for kind in block_rules.kinds_of(touchpoint)]


def cards(place: Place, draft: Draft, changed: str) -> list[dict[str, Any]]:
    """A card for each block. changed: the one that is open, because it was just added, doubled or moved."""
    unknown = block_rules.unknown_variables(place.touchpoint, place.locale, draft.blocks)
    uploaded = own_pictures.newest() if any(_has_picture(block) for block in draft.blocks) else []
    asked = [("", block_words.ONLY_IF[""])]
    asked += [(code, block_words.ONLY_IF[code]) for code in block_rules.conditions_of(place.touchpoint)]
    wrong = {block_id for block_id, _field in draft.errors}
    last = len(draft.blocks) - 1
    return [
        {
            "id": block["id"],
            "kind": block["kind"],
            "called": block_words.called(block, place.touchpoint, place.locale),
            "note": block_words.note(block["kind"], bool(KINDS[block["kind"]])),
            "error": draft.errors.get((block["id"], ""), ""),
            "fields": [_field_of(block, field, draft, unknown, uploaded) for field in KINDS[block["kind"]]],
            "only_if": block["only_if"],
            "only_if_error": draft.errors.get((block["id"], "only_if"), ""),
            "conditions": asked,
            "only_if_words": block_words.ONLY_IF.get(block["only_if"], "") if block["only_if"] else "",
            "is_open": block["id"] in wrong
            or block["id"] == changed
            or any(b == block["id"] for b, _f in unknown),
            "is_focused": block["id"] == changed,
            "is_fixed": block["kind"] == "footer",
            "is_first": at == 0,
            "is_last": at >= last - 1,
            "has_room": len(draft.blocks) < MOST_BLOCKS,
        }
        for at, block in enumerate(draft.blocks)
    ]


def _has_picture(block: Block) -> bool:
    return any(field.type == Type.PICTURE for field in KINDS[block["kind"]])


def _field_of(
    block: Block, field: Field, draft: Draft, unknown: dict[block_rules.Place, list[str]], uploaded: list[Any]
) -> dict[str, Any]:
    place, value = (block["id"], field.name), block[field.name]
    chosen = picture_of(value)
    shown: dict[str, Any] = {
        "name": f"{block['id']}-{field.name}",
        "type": field.type.value,
        "label": block_words.FIELDS[field.name],
        "value": "" if chosen else value,
        "longest": field.longest,
        "error": draft.errors.get(place, ""),
        "unknown": unknown.get(place, []),
        "hint": block_words.hint(block["kind"], field.name),
    }
    says = {"error": shown["error"] or shown["unknown"], "hint": shown["hint"]}
    shown["described_by"] = " ".join(f"{shown['name']}-{what}" for what, said in says.items() if said)
    if field.type == Type.CHOICE:
        shown["choices"] = [(code, block_words.value(field.name, code)) for code in field.choices]
    if field.type == Type.PICTURE:
        shown |= {"uploaded": uploaded, "chosen": chosen}
    return shown
