"""What the words of a message can speak of: which variables there are, and which of those that are written are none."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from notifications.rendering import TemplateError, catalog, sample_context, sandbox
from notifications.rendering.context import prepare

_RETURNS: Final = ("return_", "exchange_", "refund_", "credit_")


def unknown(touchpoint: str, locale: str, texts: Mapping[str, str]) -> list[str]:
    """Variables in some words that no message has: they would stay empty. For a warning, not an error."""
    known = sample_context(locale, touchpoint)
    found: list[str] = []
    for text in texts.values():
        try:
            template = sandbox.parse(text, sandbox.TEXT)
        except TemplateError:
            continue
        for uses in template.analyze().globals.values():
            found += [".".join(map(str, use.segments)) for use in uses if not _is_known(known, use.segments)]
    return list(dict.fromkeys(found))


def _is_known(context: Any, path: Sequence[Any]) -> bool:
    for name in path:
        if isinstance(context, list):
            context = context[0] if context else {}
            if name in ("size", "first", "last") or isinstance(name, int):
                continue
        if not isinstance(context, dict):
            return name in ("size", "first", "last")
        if name not in context:
            return name == "brand"
        context = context[name]
    return True


def known(touchpoint: str, locale: str) -> list[tuple[str, str]]:
    """What can be written into a message: each variable with an example."""
    here = catalog.TOUCHPOINTS[touchpoint].blocks
    hidden = {"brand", "locale", "email", "name", "may_offer", "answers", "subtotal_line_items", "data"}
    hidden |= {"case", "claim"} - set(here)
    hidden |= set() if touchpoint.startswith(_RETURNS) else {"return", "exchange", "refund", "credit"}
    sample = {name: value for name, value in sample_context(locale, touchpoint).items() if name not in hidden}
    return [(path, text) for path, text in _flat(sample) if path != "shop.pictures"]


def reads(touchpoint: str, locale: str, text: str) -> str:
    """A text on one line as it reads for a made-up order; as it was written when it cannot be filled."""
    with suppress(TemplateError):
        text = sandbox.fill(sandbox.parse(text, sandbox.TEXT), prepare(sample_context(locale, touchpoint)))
    return " ".join(text.split())


def _flat(context: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in context.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}.")
        elif not isinstance(value, list) and value != "":
            found.append((f"{before}{name}", str(value)))
    return found
