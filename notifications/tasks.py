"""What Celery's workers do for this app."""

from events.due import due_work
from notifications.planning import SEND
from notifications.sending import send_due


@due_work(SEND)
def send_messages() -> int:
    """Send what is due."""
    return send_due()
