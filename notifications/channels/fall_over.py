"""Several mail providers: the next one is asked when one cannot be reached or says "not now".

Never after a provider may have taken the message: two providers give a mail two ids, and nobody could tell the repeat.
So who is asked is written down in `Message.provider` before it is asked, and a message in doubt goes to that one only.
"""

import smtplib
from collections.abc import Sequence
from uuid import UUID

import structlog

from accounts.mailers import Mailer
from merchants.models import Merchant
from notifications.channels import circuits
from notifications.channels.base import Announce, InDoubt, PossiblyTaken, Receipt, TryLater, Unreachable
from notifications.channels.email import EmailConnection
from notifications.models import Message

log = structlog.get_logger(__name__)


class FallOver:
    """One batch's connections to the providers, each opened when it is needed and given up once it is not there."""

    repeats_when_in_doubt = True

    def __init__(self, mailers: Sequence[Mailer], announce: Announce) -> None:
        """announce: called before anybody but the first is asked."""
        self._routes = {mailer.name: EmailConnection(mailer) for mailer in mailers}
        self._announce = announce
        self._down: dict[str, str] = {}
        self._pinned: set[UUID] = set()
        # Asked once a batch: after a circuit's pause the first to ask is the one that tries.
        resting = {name for name in self._routes if circuits.is_open(name)}
        self._order = [name for name in self._routes if name not in resting] or list(self._routes)

    def open(self) -> None:
        """Connect to the first provider that is there. Raises Unreachable when none is."""
        self._first()

    def chosen(self, message: Message) -> str:
        """Who is asked first. Only the one that may have it, when the message is in doubt. Raises Unreachable."""
        if message.provider in self._routes:
            self._pinned.add(message.id)
            self._open(message.provider)
            return message.provider
        return self._first()

    def send(self, merchant: Merchant, message: Message) -> Receipt:
        """Hand a message over to the first that takes it. Raises TryLater, PossiblyTaken, InDoubt or Refused."""
        first = message.provider
        others = [] if message.id in self._pinned else [name for name in self._order if name != first]
        failure = TryLater("No provider was asked.")
        for name in [first, *others]:
            try:
                self._open(name)
                if name != message.provider and not self._announce(message, name):
                    raise InDoubt("Another worker has taken it over.")
                receipt = self._routes[name].send(merchant, message)
            except PossiblyTaken as error:
                self._note(name, error)
                raise
            except TryLater as error:
                self._note(name, error)
                failure = error
            else:
                circuits.worked(name)
                return receipt
        raise failure

    def close(self) -> None:
        """Hang up everywhere."""
        for route in self._routes.values():
            route.close()

    def _first(self) -> str:
        for name in self._order:
            try:
                self._open(name)
            except Unreachable:
                continue
            return name
        raise Unreachable("; ".join(f"{name}: {why}" for name, why in self._down.items()))

    def _open(self, name: str) -> None:
        if name in self._down:
            raise Unreachable(self._down[name])
        try:
            self._routes[name].open()
        except Unreachable as error:
            self._down[name] = str(error)
            circuits.failed(name)
            log.warning("mail_provider_unreachable", provider=name, error=str(error)[:300])
            raise

    def _note(self, name: str, error: TryLater) -> None:
        log.warning("mail_provider_failed", provider=name, error=str(error)[:300])
        if name in self._down or isinstance(error.__cause__, smtplib.SMTPRecipientsRefused):
            return  # Counted when it was opened; or it is about this one recipient.
        if circuits.failed(name) or isinstance(error, Unreachable):
            self._down[name] = str(error)
