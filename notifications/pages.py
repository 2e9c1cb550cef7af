"""The shop's own pages for reviews and surveys: where messages that ask for an answer lead.

A page is an address with places that are filled for each message: `{order}` (its number), `{language}`, `{answer}`, 5
for the best to 1 for the worst (of a review its stars), and for surveys `{survey}` (delivery, shop, return, support).
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from notifications.consent.rules import Rules
from notifications.models import Message
from orders.models import Order

REVIEW: Final = "review_request"
SURVEYS: Final[Mapping[str, str]] = {
    f"survey_{name}": name for name in ("delivery", "shop", "return", "support")
}
BEST: Final = 5


def is_missing(touchpoint: str, rules: Rules) -> bool:
    """Whether a message asks for an answer and the shop has no page for it."""
    return (touchpoint == REVIEW and not rules.review_url) or (touchpoint in SURVEYS and not rules.survey_url)


def review_page(message: Message, order: Order, rules: Rules) -> str:
    """Where a request for a review leads; "" for other messages, and without a page."""
    return _filled(rules.review_url, message, order) if message.touchpoint == REVIEW else ""


def answers(message: Message, order: Order, rules: Rules) -> list[str]:
    """Where each answer to a survey leads, or each number of stars, the best first; none where nothing asks for any."""
    page = rules.survey_url if message.touchpoint in SURVEYS else ""
    if message.touchpoint == REVIEW and "{answer}" in rules.review_url:
        page = rules.review_url
    return [_filled(page, message, order, str(answer)) for answer in range(BEST, 0, -1)] if page else []


def _filled(page: str, message: Message, order: Order, answer: str = "") -> str:
    values = {
        "order": order.number, "language": message.locale, "survey": SURVEYS.get(message.touchpoint, ""),
        "answer": answer,
    }  # fmt: skip
    for name, value in values.items():
        page = page.replace(f"{{{name}}}", quote(value, safe=""))
    return page
