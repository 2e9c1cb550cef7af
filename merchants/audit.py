"""The audit log: every change of settings, keys, team and shops, by whom and when, what it was and what it is.

The merchant is the open scope's; who acts is said once, where a request comes in (`acting_as`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from merchants.ids import public_id
from merchants.models import ActorKind, ApiKey, AuditEntry
from merchants.scope import current_merchant

_LONGEST_VALUE = 500


@dataclass(frozen=True)
class Actor:
    """Who changes something. `name` is kept as it was then: people leave, keys are revoked."""

    kind: ActorKind
    id: str = ""
    name: str = ""


SYSTEM = Actor(ActorKind.SYSTEM)
SHOPPER = Actor(ActorKind.SHOPPER)  # whoever has the link of an order
_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def person(user: User) -> Actor:
    """Somebody who is signed in."""
    return Actor(ActorKind.PERSON, str(user.pk), user.email or user.get_username())


def api_key(key: ApiKey) -> Actor:
    """A shop's backend that sent this key."""
    return Actor(ActorKind.KEY, public_id("key", key.id), f"{key.name} ({key.prefix}…)")


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Let whatever the block changes be this actor's doing. Outside of any it is the system's."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def current_actor() -> Actor:
    """Who acts now."""
    return _actor.get()


def record_change(
    action: str, subject: str = "", label: str = "", changes: dict[str, list[Any]] | None = None
) -> None:
    """Note a change in the open transaction, so that there is no change without its row and no row without one.

    action: what was done, `"webhook_endpoint.created"`. subject: the public id of the object, label: what people
    call it. changes: `{field: [old, new]}`, never a secret. Needs an open merchant's scope.
    """
    actor = current_actor()
    AuditEntry.objects.create(
        merchant=current_merchant(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor=actor.name[:254],
        action=action,
        subject=subject,
        label=label[:200],
        changes={name: [_short(value) for value in pair] for name, pair in (changes or {}).items()},
    )


def record_by_hand(
    action: str, subject: str = "", label: str = "", changes: dict[str, list[Any]] | None = None
) -> None:
    """`record_change` when a person or a key acts. What the system does by itself stands in the log of facts."""
    if current_actor() != SYSTEM:
        record_change(action, subject, label, changes)


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """`{field: [old, new]}` of what is different, for `record_change`."""
    return {name: [before.get(name), new] for name, new in after.items() if before.get(name) != new}


def _short(value: Any) -> Any:
    """What of a value is kept: a log is read, and a template of 40 KB in it is not."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_short(part) for part in value[:50]]
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
