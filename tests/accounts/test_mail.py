"""Mail to people of a team: due rows, sent by a worker, tried again, and never logged with an address."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from accounts import mail
from accounts.models import StaffMail
from merchants.models import Merchant, Role
from tests.smtp_sink import Mail, SmtpSink

Mails = Callable[[], list[Mail]]
TEMPLATE = "accounts/mail/invitation.txt"


def tell(merchant: Merchant, *roles: str) -> int:
    return mail.mail_team(merchant, "Something\r\nBcc: x@x.test", TEMPLATE, {"by": "Us", "url": "/x"}, roles)


def test_a_mail_reaches_everybody_with_the_role_and_nobody_else(
    merchant: Merchant, clara: User, ben: User, mails: Mails
) -> None:
    assert tell(merchant, Role.OWNER) == 1
    (told,) = mails()
    assert told.recipients == ["clara@nordwind.test"]
    assert told.subject == "Something Bcc: x@x.test"  # One header, whatever stands in it.
    assert tell(merchant, Role.OWNER, Role.SUPPORT, Role.ANALYST) == 2


def test_nothing_goes_out_of_a_transaction_that_is_taken_back(
    merchant: Merchant, clara: User, mails: Mails
) -> None:
    with transaction.atomic():
        tell(merchant, Role.OWNER)
        transaction.set_rollback(True)
    assert mails() == []


def test_a_mail_that_failed_is_tried_again_with_the_same_id(
    merchant: Merchant, clara: User, mails: Mails, smtp_sink: SmtpSink
) -> None:
    smtp_sink.refuse(451, times=1)
    tell(merchant, Role.OWNER)
    assert mails() == []
    row = StaffMail.objects.get()
    assert row.due_at is not None
    assert row.due_at > timezone.now()
    assert "clara" not in row.error
    StaffMail.objects.update(due_at=timezone.now())
    (told,) = mails()
    assert row.id.hex in told.message_id


def test_an_address_that_is_refused_for_good_is_given_up(
    merchant: Merchant, clara: User, mails: Mails, smtp_sink: SmtpSink
) -> None:
    smtp_sink.refuse(550)
    tell(merchant, Role.OWNER)
    assert mails() == []
    row = StaffMail.objects.get()
    assert (row.due_at, row.text, row.sent_at) == (None, "", None)


def test_a_mail_is_claimed_by_one_worker(merchant: Merchant, clara: User) -> None:
    tell(merchant, Role.OWNER)
    assert len(mail._claim()) == 1
    assert mail._claim() == []
