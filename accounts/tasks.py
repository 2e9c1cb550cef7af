"""What Celery's workers do for this app."""

from accounts import mail, sessions
from events.due import due_work

TIDY = "accounts.tidy"


@due_work(mail.SEND)
def send_mails() -> int:
    """Send mail to people of the teams."""
    return mail.send_due()


@due_work(TIDY)
def forget_old() -> int:
    """Forget sessions that ended and mails that went out long ago. Returns how many rows."""
    return sessions.forget_old() + mail.forget_old()
