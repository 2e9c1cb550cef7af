"""The second factor of signing in: one-time codes of an authenticator app, and recovery codes.

Passkeys are in `accounts/passkeys.py`. Every code works once: an app's because its time step is remembered, a
recovery code because it is marked as used, each by one guarded update that two tries at once cannot both win.
"""

import hashlib
import hmac
import secrets
import time

import pyotp
import segno
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from accounts import sessions
from accounts.models import Passkey, RecoveryCode, TotpDevice
from accounts.notes import note_in_teams
from merchants import throttle
from merchants.audit import SYSTEM

STEP = 30  # seconds
CODES = 10
_TRIES, _WINDOW = 10, 15 * 60
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read for another


def has_app(user: User) -> bool:
    """Whether an authenticator app is set up."""
    return TotpDevice.objects.filter(user=user).exclude(confirmed_at=None).exists()


def has_second_factor(user: User) -> bool:
    """Whether a password is not enough for this person."""
    return has_app(user) or Passkey.objects.filter(user=user).exists()


def begin_app(user: User) -> TotpDevice:
    """The device to be confirmed: the same until it is, so that a reload does not change the QR code.

    Raises ValueError when one is confirmed already.
    """
    device, _new = TotpDevice.objects.get_or_create(user=user, defaults={"secret": pyotp.random_base32()})
    if device.confirmed_at:
        raise ValueError("an app is set up already")
    return device


def address_of(device: TotpDevice) -> str:
    """The otpauth:// address that an app reads."""
    return pyotp.TOTP(device.secret).provisioning_uri(name=device.user.username, issuer_name="Afterward")


def qr_code(text: str) -> str:
    """A QR code as inline SVG, dark on white in any colour scheme, without a style attribute."""
    return segno.make(text, error="m").svg_inline(scale=5, border=3, dark="#000", light="#fff", omitsize=True)


def confirm_app(user: User, code: str) -> bool:
    """Take the app into use when it shows the right code."""
    device = TotpDevice.objects.filter(user=user, confirmed_at=None).first()
    if device is None or not _spend_step(device, code):
        return False
    with transaction.atomic():
        TotpDevice.objects.filter(pk=device.pk).update(confirmed_at=timezone.now())
        note_in_teams(user, "account.authenticator_added")
    return True


def remove_app(user: User) -> None:
    """Do without the app from now on."""
    with transaction.atomic():
        if TotpDevice.objects.filter(user=user).delete()[0]:
            note_in_teams(user, "account.authenticator_removed")
        forget_codes_without_factor(user)


def wait_for(user: User) -> int:
    """Count a try at a second factor. Returns the seconds to wait, 0 when it may be made."""
    return throttle.hit("second-factor", user.pk, limit=_TRIES, window=_WINDOW)


def check_code(user: User, text: str) -> bool:
    """Whether the text is the app's code of now, or an unused recovery code. It is used up by that."""
    plain = "".join(text.split()).replace("-", "").lower()
    if plain.isdecimal() and len(plain) == 6:
        device = TotpDevice.objects.filter(user=user).exclude(confirmed_at=None).first()
        right = device is not None and _spend_step(device, plain)
    else:
        right = _spend_recovery_code(user, plain)
    if right:
        throttle.forgive("second-factor", user.pk)
    return right


def new_codes(user: User) -> list[str]:
    """Ten recovery codes, to be shown once. The former ones stop working."""
    codes = [_random_code() for _ in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digests(code)[0]) for code in codes)
        note_in_teams(user, "account.recovery_codes_made")
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def codes_left(user: User) -> int:
    """How many recovery codes are unused."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def forget_codes_without_factor(user: User) -> None:
    """Recovery codes stand in for a factor: without one they are nothing but a way in."""
    if not has_second_factor(user):
        RecoveryCode.objects.filter(user=user).delete()


def forget_everything(user: User) -> None:
    """For somebody who lost phone and codes, by the operator's hand: app, passkeys, codes and sessions go."""
    with transaction.atomic():
        TotpDevice.objects.filter(user=user).delete()
        Passkey.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        note_in_teams(user, "account.second_factor_forgotten", by=SYSTEM)
        sessions.end_all(user)


def _spend_step(device: TotpDevice, code: str) -> bool:
    """Whether the code is that of now or of the step beside it (clocks differ), later than any used before."""
    plain = "".join(code.split())
    if not (plain.isascii() and plain.isdecimal() and len(plain) == 6 and device.secret):
        return False
    now = int(time.time()) // STEP
    generator = pyotp.TOTP(device.secret)
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(generator.at(step * STEP), plain):
            later = TotpDevice.objects.filter(pk=device.pk, last_step__lt=step)
            return later.update(last_step=step) == 1
    return False


def _spend_recovery_code(user: User, plain: str) -> bool:
    if len(plain) != 10:
        return False
    unused = RecoveryCode.objects.filter(user=user, digest__in=_digests(plain), used_at=None)
    return unused.update(used_at=timezone.now()) == 1


def _random_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(10))


def _digests(plain: str) -> list[bytes]:
    """Keyed hashes, by the newest secret first: fifty random bits must not be guessed from the table alone."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hmac.digest(key.encode(), b"recovery:" + plain.encode(), hashlib.sha256) for key in keys]
