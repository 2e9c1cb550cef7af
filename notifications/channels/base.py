"""What every channel speaks: how a provider's answer is told, and the shape of a channel.

How to add a provider or channel: docs/touchpoints.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from merchants.models import Merchant
from notifications.models import Message
from notifications.reasons import Reason


@dataclass(frozen=True)
class Receipt:
    """A provider took the message: who, and what it calls it."""

    provider: str
    reference: str


class NotSent(Exception):
    """Base of every way in which a message does not go out."""


class TryLater(NotSent):
    """This try failed, and the provider has not taken the message for good: it can be repeated.

    wait: for how long the provider asks to be left alone.
    """

    def __init__(self, detail: str = "", wait: timedelta = timedelta()) -> None:
        super().__init__(detail)
        self.wait = wait


class Unreachable(TryLater):
    """Nobody there, or not for us: no other message would get through now either."""


class PossiblyTaken(TryLater):
    """The provider may have taken it. A repeat is recognised by its id, so long as the same provider gets it again."""


class Refused(NotSent):
    """Trying again would give the same answer."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class InDoubt(NotSent):
    """The provider may have taken it, and repeating it would reach the person twice."""


# Writes down that a message is handed to a provider now; False when the claim was lost.
Announce = Callable[[Message, str], bool]


class ChannelConnection(Protocol):
    """One batch's connection to a provider."""

    # Whether a message that may have gone out is sent again: only where a repeat can be recognised by its id.
    repeats_when_in_doubt: bool

    def open(self) -> None:
        """Connect, if that is not done. Raises Unreachable."""

    def chosen(self, message: Message) -> str:
        """Who will be asked first to take it, "" where there is one only. Written down before. Raises Unreachable."""

    def send(self, merchant: Merchant, message: Message) -> Receipt:
        """Hand a rendered message over. Raises TryLater, Refused or InDoubt, and nothing else."""

    def close(self) -> None:
        """Hang up. Never raises."""
