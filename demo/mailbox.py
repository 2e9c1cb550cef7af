"""The demo's mail: everything is accepted and nothing leaves the machine. What was sent is in the message log."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Takes every mail, as a provider would."""

    esp_name = "Demo"

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            message.message()  # Built as for a real provider: what could not be sent fails here too.
        return len(email_messages)
