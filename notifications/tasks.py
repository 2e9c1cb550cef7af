"""What Celery's workers do for this app."""

from events.due import due_work
from notifications.dry_run import jobs  # noqa: F401  # declares its work
from notifications.flows.engine import step_due
from notifications.flows.reader import STEP
from notifications.planning import SEND
from notifications.sending import send_due


@due_work(SEND)
def send_messages() -> int:
    """Send what is due."""
    return send_due()


@due_work(STEP)
def step_flows() -> int:
    """Take the steps of flows that are due."""
    return step_due()
