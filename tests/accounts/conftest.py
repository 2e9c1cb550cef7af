"""People: an owner and a colleague of Nordwind, and the mail that reaches them."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from accounts import mail
from merchants import commands
from merchants.models import Merchant, Role
from tests.smtp_sink import Mail, SmtpSink

PASSWORD = "lighthouse-9-keeper"


@pytest.fixture
def clara(merchant: Merchant) -> User:
    """Nordwind's owner."""
    return commands.add_member(merchant, email="clara@nordwind.test", password=PASSWORD).user


@pytest.fixture
def ben(merchant: Merchant, clara: User) -> User:
    """Somebody of Nordwind's support."""
    return commands.add_member(merchant, email="ben@nordwind.test", password=PASSWORD, role=Role.SUPPORT).user


@pytest.fixture
def mails(smtp_sink: SmtpSink) -> Callable[[], list[Mail]]:
    """Do what a worker does about due mail; returns everything that has arrived."""

    def deliver() -> list[Mail]:
        while mail.send_due():
            pass
        return smtp_sink.mails

    return deliver
