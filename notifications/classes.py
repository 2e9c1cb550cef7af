"""What the class of a message decides: one table, and nothing else asks for a class by its name.

| class         | consent | way out | quiet hours | caps | peace | offers             | holdout | stream        |
| transactional | no      | no      | no          | no   | no    | with a basis of theirs | no  | transactional |
| legal         | no      | no      | no          | no   | no    | never              | no      | transactional |
| service       | yes     | yes     | yes         | yes  | yes   | with a basis of theirs | yes | service       |
| marketing     | yes     | yes     | yes         | yes  | yes   | yes                | yes     | marketing     |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifications.choices import MessageClass
from notifications.consent.choices import Topic


class Offers(StrEnum):
    """Whether something to buy may stand in a message (KG Berlin, 5 W 15/17: advertising makes it advertising)."""

    NEVER = "never"
    WITH_BASIS = "with_basis"  # only for who may be sent marketing on `offers`
    YES = "yes"


@dataclass(frozen=True)
class ClassRules:
    """One row of the table.

    asks_consent: needs a basis (`consent.standing.judge`). has_way_out: List-Unsubscribe and the sentence in its foot.
    keeps_quiet: waits for the quiet hours' end. is_capped: so many in so many days, across all modules.
    needs_peace: not while something is wrong for that shopper (`arbiter`). stream: which sender's address it has.
    topic: what it is about when its touchpoint does not say.
    """

    asks_consent: bool = False
    has_way_out: bool = False
    keeps_quiet: bool = False
    is_capped: bool = False
    needs_peace: bool = False
    may_hold_out: bool = False
    offers: Offers = Offers.NEVER
    stream: str = "transactional"
    topic: str = ""


_LEGAL: Final = ClassRules()
RULES: Final[Mapping[str, ClassRules]] = {
    MessageClass.TRANSACTIONAL: ClassRules(offers=Offers.WITH_BASIS),
    MessageClass.LEGAL: _LEGAL,
    MessageClass.SERVICE: ClassRules(
        asks_consent=True, has_way_out=True, keeps_quiet=True, is_capped=True, needs_peace=True,
        may_hold_out=True, offers=Offers.WITH_BASIS, stream="service", topic=Topic.TIPS,
    ),
    MessageClass.MARKETING: ClassRules(
        asks_consent=True, has_way_out=True, keeps_quiet=True, is_capped=True, needs_peace=True,
        may_hold_out=True, offers=Offers.YES, stream="marketing", topic=Topic.OFFERS,
    ),
}  # fmt: skip
STREAMS: Final = ("transactional", "service", "marketing")


def rules_of(message_class: str) -> ClassRules:
    """What a class decides."""
    return RULES[message_class]


def topic_of(message_class: str, topic: str) -> str:
    """What a message is about, as shoppers choose it: its touchpoint's topic, else its class's; "" has none."""
    rules = rules_of(message_class)
    return (topic or rules.topic) if rules.asks_consent else ""
