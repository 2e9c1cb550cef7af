"""Only the doorbell hands anything to Celery, and only the channels speak to the outside (RELIABILITY, R3)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifications.models import Channel
from notifications.rendering.catalog import TOUCHPOINTS as RENDERED
from notifications.rendering.catalog import VARIANTS
from notifications.touchpoints import BY_FACT, TOUCHPOINTS
from tracking.statuses import PROBLEM, SUBSTATUSES, Status

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "demo", "portal", "dashboard", "notifications", "tracking", "orders", "events", "merchants")

TO_CELERY = {"delay", "apply_async", "send_task"}
TO_MAIL = {
    "send_mail", "send_mass_mail", "mail_admins", "mail_managers", "email_user", "EmailMessage",
    "EmailMultiAlternatives", "send_messages", "sendmail", "get_connection", "SMTP", "SMTP_SSL",
}  # fmt: skip


def calls(source: str) -> Iterator[str]:
    """Names of everything that is called, without what stands before the last dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.func.id


def callers(names: set[str]) -> set[str]:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    assert len(files) > 50
    return {
        path.relative_to(ROOT).as_posix() for path in files if names & set(calls(path.read_text("utf-8")))
    }


def test_only_the_doorbell_hands_anything_to_celery() -> None:
    assert callers(TO_CELERY) == {"events/doorbell.py"}


def test_only_the_mail_channel_sends_mail() -> None:
    assert callers(TO_MAIL) == {"notifications/channels/email.py"}


@pytest.mark.parametrize(
    "source", ["task.delay(1)", "tasks.send.apply_async(countdown=60)", "mail.send_mail()"]
)
def test_the_check_sees_what_it_looks_for(source: str) -> None:
    assert (TO_CELERY | TO_MAIL) & set(calls(source))


def test_every_touchpoint_has_words_and_every_template_a_touchpoint() -> None:
    assert set(TOUCHPOINTS) == set(RENDERED)


def test_a_fact_triggers_one_touchpoint() -> None:
    assert len(BY_FACT) == sum(len(touchpoint.facts) for touchpoint in TOUCHPOINTS.values())
    assert all(Channel.EMAIL in touchpoint.channels for touchpoint in TOUCHPOINTS.values())


def test_every_kind_of_problem_has_words_of_its_own() -> None:
    known = VARIANTS["shipment_exception"]
    told = {*PROBLEM, Status.AVAILABLE_FOR_PICKUP} - {Status.EXCEPTION}
    assert {str(status) for status in told} <= set(known)
    assert {code for code, row in SUBSTATUSES.items() if row.status == Status.EXCEPTION} <= set(known)
    assert {code for code in known if "." in code} <= set(SUBSTATUSES)
