"""What Celery's workers do for this app."""

from events.due import due_work
from webhooks.housekeeping import forget_old
from webhooks.sending import send_due
from webhooks.subscribers import SEND


@due_work(SEND)
def send_webhooks() -> int:
    """Send what is due."""
    return send_due()


@due_work("webhooks.housekeeping")
def forget_old_deliveries() -> int:
    """Forget the history of deliveries that have had their day."""
    return forget_old()
