"""What came out of a run: counted at the database, at the log and at the SMTP sink."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.chaos.killer import Killer
from tests.chaos.load import Load
from tests.chaos.sink import CountingSink
from tools.installation import Installation

SETTLE_SECONDS = 60.0

# With the product's own eyes: readers that have not read to the end, and rows that something has to be done about.
_LOOK = """
import json
import django
django.setup()
from datetime import timedelta
from django.apps import apps
from django.utils import timezone
from events.drain import lagging
from events.models import DueRow
from events.subscribers import all_subscribers
from merchants.models import SHARDS
from merchants.scope import platform_scope
# They are set again for as long as there is something to look after: fine unless nobody came when it was time.
clocks = {
    "WatchClock", "PaceClock", "ScanLesson", "EtaModel", "PushSubscription", "Return", "Exchange",
    "Withdrawal", "Claim", "LiftShopper", "FollowUp", "SweepClock", "ReturnLabel",
    "Refund", "CreditEntry", "Transfer",
}  # fmt: skip
overdue = {"due_at__lt": timezone.now() - timedelta(seconds=30)}
with platform_scope("looking what the chaos test left behind"):
    due = {
        model.__name__: model.objects.filter(
            **(overdue if model.__name__ in clocks else {"due_at__isnull": False})
        ).count()
        for model in apps.get_models() if issubclass(model, DueRow)
    }
print(json.dumps({"lagging": lagging(all_subscribers(), range(SHARDS)), "due": due}))
"""
# Cheap enough to be asked twice a second while the workers work.
_UNSETTLED = """
SELECT (SELECT count(*) FROM events_incoming)
     + (SELECT count(*) FROM notifications_message WHERE due_at IS NOT NULL)
     + (SELECT count(*) FROM events_parkedfact)
     + (SELECT count(*) FROM events_cursor WHERE position <
            (SELECT max(position) FROM events_fact WHERE events_fact.shard = events_cursor.shard))
     + (SELECT %s - count(*) FROM notifications_message WHERE state = 'sent' AND message_class = 'transactional')
     + (SELECT %s - count(*) FROM notifications_message WHERE message_class = 'marketing' AND due_at IS NULL)
"""

_STATES = "SELECT state, count(*) FROM notifications_message WHERE message_class = '{}' GROUP BY 1"


@dataclass
class Outcome:
    """One run in figures; `problems` says what is not as it should be."""

    seed: int
    orders: int
    kills: dict[str, int]
    revived: dict[str, int]
    worker_slots: int
    load_seconds: float
    settled_seconds: float | None
    answers: dict[str, int]
    given_up: int
    orders_missing: int
    orders_doubled: int
    orders_unasked: int
    effects: dict[str, int]
    messages: dict[str, int]
    marketing: dict[str, int]
    marketing_repeated: int
    marketing_missing: int
    mails: int
    mails_missing: int
    mails_repeated: int
    mails_doubled: int
    facts_missing: int
    facts_doubled: int
    facts_unplaced: int
    facts_parked: int
    lagging: list[Any]
    due: dict[str, int]
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    def figures(self) -> dict[str, Any]:
        """What the exactly-once figure is made of: the confirmation of each order, and an offer beside it."""
        return {
            "orders": self.orders,
            "messages_expected": 2 * self.orders,
            "lost": self.mails_missing + self.marketing_missing,
            "held_in_doubt": self.marketing.get("failed", 0),
            "repeated": self.mails_repeated + self.marketing_repeated,
            "repeated_with_another_message_id": self.mails_doubled,
            "marketing_repeated": self.marketing_repeated,
            "kills": self.kills,
        }

    def judge(self) -> None:
        """Fill `problems` (RELIABILITY, R5)."""
        kills = sum(self.kills.values())
        judgements = {
            "a program ended by itself": sum(self.revived.values()) <= kills * 2,
            "orders were never answered 2xx": self.given_up == 0,
            "orders answered 2xx do not exist": self.orders_missing == 0,
            "orders exist twice, or nobody was told of them": self.orders_doubled == self.orders_unasked == 0,
            "a reader's effect is missing or doubled": self.effects == {"once": self.orders},
            "a message is missing, or was not sent": self.messages == {"sent": self.orders},
            # In doubt it is held: it may be lost, and is never sent twice.
            "a marketing message is missing, or neither sent nor held": set(self.marketing)
            <= {"sent", "failed"}
            and sum(self.marketing.values()) == self.orders,
            "more marketing messages held than kills can explain": self.marketing.get("failed", 0)
            <= kills * self.worker_slots,
            "a marketing message was sent twice": self.marketing_repeated == 0,
            "a marketing message that counts as sent did not arrive": self.marketing_missing == 0,
            "mails are missing": self.mails_missing == 0,
            "mails arrived under two Message-IDs": self.mails_doubled == 0,
            "more mails repeated than kills can explain": self.mails_repeated <= kills * self.worker_slots,
            "the log lacks a fact, or has one twice": self.facts_missing == self.facts_doubled == 0,
            "facts have no place in line": self.facts_unplaced == 0,
            "facts are parked": self.facts_parked == 0,
            "a reader has not read to the end": self.lagging == [],
            "rows are due": not any(self.due.values()),
            f"not settled {SETTLE_SECONDS:.0f} s after the last kill": self.settled_seconds is not None,
            # 409: the same key is being worked on; 503: the database is away. Anything else tells of a fault of ours.
            "the API gave other answers": set(self.answers) <= {"0", "200", "201", "409", "503"},
        }
        self.problems = [problem for problem, fine in judgements.items() if not fine]


def unsettled(installation: Installation, placed: int) -> int:
    """How much is still to be done: facts to read, messages to send."""
    with installation.connect() as connection:
        return int(connection.execute(_UNSETTLED, [placed, placed]).fetchall()[0][0])


def count(
    installation: Installation, load: Load, sink: CountingSink, killer: Killer, load_seconds: float,
    settled_seconds: float | None,
) -> Outcome:  # fmt: skip
    """Count everything, and judge it."""
    look = json.loads(installation.python(_LOOK).splitlines()[-1])
    with installation.connect() as connection:

        def tally(sql: str) -> Counter[str]:
            return Counter(dict(connection.execute(sql).fetchall()))

        stored = tally("SELECT external_id, count(*) FROM orders_order GROUP BY 1")
        effects = tally("SELECT word, count(*) FROM test_effect GROUP BY 1")
        messages = tally(_STATES.format("transactional"))
        marketing = tally(_STATES.format("marketing"))
        offers = dict(
            connection.execute(
                "SELECT message_id, state FROM notifications_message WHERE message_class = 'marketing'"
            ).fetchall()
        )
        # One fact an order that it was placed, and one that its message was sent.
        facts = tally(
            "SELECT type || external_id, count(*) FROM events_fact JOIN orders_order ON orders_order.id = order_id"
            " AND orders_order.merchant_id = events_fact.merchant_id WHERE (type = 'order.placed'"
            " OR type = 'message.sent' AND data->>'touchpoint' = 'order_confirmation')"
            " GROUP BY 1"
        )
        [(unplaced, parked)] = connection.execute(
            "SELECT (SELECT count(*) FROM events_incoming), (SELECT count(*) FROM events_parkedfact)"
        ).fetchall()
    wanted_facts = {kind + name for kind in ("order.placed", "message.sent") for name in load.placed}
    everything = sink.ids()
    arrived = Counter({pair: number for pair, number in everything.items() if pair[1] not in offers})
    offered = Counter({pair[1]: number for pair, number in everything.items() if pair[1] in offers})
    reached = Counter(recipient for recipient, _ in arrived)
    outcome = Outcome(
        seed=killer.seed, orders=len(load.placed), kills=dict(Counter(killer.done)), revived=dict(killer.revived),
        worker_slots=installation.slots, load_seconds=round(load_seconds, 1), settled_seconds=settled_seconds,
        answers={str(status): number for status, number in sorted(load.answers.items())},
        given_up=len(load.given_up), orders_missing=len(load.placed - stored.keys()),
        orders_doubled=_above_one(stored), orders_unasked=len(stored.keys() - load.placed),
        effects=_how_often(effects, load.placed), messages=dict(messages),
        marketing=dict(marketing), marketing_repeated=_above_one(offered),
        marketing_missing=sum(state == "sent" and name not in offered for name, state in offers.items()),
        mails=arrived.total(),
        mails_missing=len({load.recipient(name) for name in load.placed} - reached.keys()),
        mails_repeated=_above_one(arrived), mails_doubled=_above_one(reached),
        facts_missing=len(wanted_facts - facts.keys()), facts_doubled=_above_one(facts),
        facts_unplaced=unplaced, facts_parked=parked, lagging=look["lagging"], due=look["due"],
    )  # fmt: skip
    outcome.judge()
    return outcome


def _above_one(counted: Counter[Any]) -> int:
    return sum(number - 1 for number in counted.values() if number > 1)


def _how_often(counted: Counter[str], wanted: set[str]) -> dict[str, int]:
    """How many of the wanted ones are there never, once, and more often."""
    names = {0: "never", 1: "once"}
    return dict(Counter(names.get(counted[word], "doubled") for word in sorted(wanted | counted.keys())))
