"""Where people are signed in: a list that they can read, and sessions that end when they should.

Django's session row is the truth; `SignedIn` describes it. When it began, when it was last used and when the person
last proved who they are stand in the session itself, so that a request costs no query more.
"""

import ipaddress
import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import SignedIn
from merchants.client_ip import client_ip

BEGAN, SEEN, CONFIRMED, SECOND = "began_at", "seen_at", "confirmed_at", "second_factor"
# What was proved so lately need not be proved again before a change of keys, people or sign-in.
RECENT = timedelta(minutes=10)
_NOTED_EVERY = 5 * 60  # seconds


@receiver(user_logged_in)
def note_sign_in(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    """Every way of signing in comes by here: begin the session's clocks and its line in the list."""
    now = int(time.time())
    request.session.update({BEGAN: now, SEEN: now, CONFIRMED: now})
    if request.session.session_key is None:
        request.session.save()
    at = timezone.now()
    SignedIn.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "agent": request.META.get("HTTP_USER_AGENT", "")[:300],
            "address": masked(client_ip(request)),
            "began_at": at,
            "seen_at": at,
        },
    )


def keep_or_end(request: HttpRequest) -> None:
    """End a session that is too old or was idle for too long; note now and then that it is in use."""
    session = request.session
    if "_auth_user_id" not in session:
        return
    now = int(time.time())
    too_old = now - session.get(BEGAN, 0) > settings.SESSION_COOKIE_AGE
    if too_old or now - session.get(SEEN, 0) > settings.SESSION_IDLE_SECONDS:
        end_this(request)
    elif now - session[SEEN] > _NOTED_EVERY:
        session[SEEN] = now
        SignedIn.objects.filter(session_key=session.session_key).update(
            seen_at=timezone.now(), address=masked(client_ip(request))
        )


def end_this(request: HttpRequest) -> None:
    """Sign out of this browser."""
    SignedIn.objects.filter(session_key=request.session.session_key).delete()
    logout(request)


def confirm(request: HttpRequest, *, second_factor: bool = False) -> None:
    """The person has just proved who they are; with `second_factor`, by more than a password."""
    request.session[CONFIRMED] = int(time.time())
    if second_factor:
        request.session[SECOND] = True


def is_recent(request: HttpRequest) -> bool:
    """Whether the person proved who they are within the last ten minutes."""
    return time.time() - request.session.get(CONFIRMED, 0) < RECENT.total_seconds()


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened, or set up, with a second factor."""
    return bool(request.session.get(SECOND))


def sessions_of(user: User) -> QuerySet[SignedIn]:
    """A person's live sessions, the last used first."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    seen_since = timezone.now() - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    return SignedIn.objects.filter(Exists(alive), user=user, seen_at__gt=seen_since).order_by(
        "-seen_at", "id"
    )


def end(user: User, signed_in_id: UUID) -> bool:
    """End one of the person's sessions. False when they have no such session."""
    return bool(_end(SignedIn.objects.filter(user=user, pk=signed_in_id)))


def end_all(user: User, *, but: str | None = None) -> int:
    """End all of a person's sessions, but the one with this key. Returns how many."""
    return _end(SignedIn.objects.filter(user=user).exclude(session_key=but or ""))


def forget_old(limit: int = 1000) -> int:
    """Forget sessions that ran out, and what described them: housekeeping. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_session WHERE session_key IN (SELECT session_key FROM django_session"
            " WHERE expire_date < %s LIMIT %s) RETURNING session_key",
            [timezone.now(), limit],
        )
        keys = [key for (key,) in cursor.fetchall()]
    SignedIn.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _end(rows: QuerySet[SignedIn]) -> int:
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    SignedIn.objects.filter(session_key__in=keys).delete()
    return len(keys)


def go_on(request: HttpRequest, user: User) -> None:
    """After a new password: this session goes on, under a new key; Django ends all that the old one opened."""
    former = request.session.session_key
    update_session_auth_hash(request, user)
    SignedIn.objects.filter(session_key=former).update(session_key=request.session.session_key)
    confirm(request)


def masked(address: str) -> str:
    """An address without the part that tells one household from another: `203.0.113.x`, `2001:db8:7::`."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return address.rpartition(".")[0] + ".x"
    return str(ipaddress.ip_network((parsed, 48), strict=False).network_address)
