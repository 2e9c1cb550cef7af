"""How a merchant's connections are: what came last, what failed, what is being fetched."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from orders.models import InboxItem, InboxState, ShopConnection, ShopPull


@dataclass(frozen=True)
class Health:
    """One connection. last_at: when its last webhook came; failed: how many could not be worked off."""

    connection: ShopConnection
    last_at: datetime | None = None
    failed: int = 0
    last_pull: ShopPull | None = None


def healths() -> list[Health]:
    """Every connection of the open scope, oldest first: three queries."""
    connections = list(ShopConnection.objects.order_by("created_at", "id"))
    return _with_health(connections)


def health_of(connection: ShopConnection) -> Health:
    """One connection."""
    return _with_health([connection])[0]


def _with_health(connections: list[ShopConnection]) -> list[Health]:
    sources = [connection.source for connection in connections]
    seen = {
        row["source"]: row
        for row in InboxItem.objects.filter(source__in=sources)
        .order_by()
        .values("source")
        .annotate(last_at=Max("received_at"), failed=Count("id", filter=Q(state=InboxState.FAILED)))
    }
    pulls = {
        pull.connection_id: pull
        for pull in ShopPull.objects.filter(connection__in=connections)
        .order_by("connection_id", "-started_at")
        .distinct("connection_id")
    }
    return [
        Health(
            connection=connection,
            last_at=seen.get(connection.source, {}).get("last_at"),
            failed=seen.get(connection.source, {}).get("failed", 0),
            last_pull=pulls.get(connection.id),
        )
        for connection in connections
    ]
