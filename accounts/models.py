"""People who work for merchants: how they prove who they are, where they are signed in, invitations, mail to them."""

import uuid

from django.conf import settings
from django.db import models

from merchants.fields import EncryptedTextField
from merchants.ids import uuid7
from merchants.models import Merchant, Role


class Invitation(models.Model):
    """Somebody was asked to join a team. The link's token is stored as SHA-256 and works once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    digest = models.BinaryField(unique=True, max_length=32)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation",
            )
        ]


class StaffMail(models.Model):
    """A mail to somebody of a team, due until it is sent. Its text may hold a link that signs people in: encrypted,
    and forgotten once it went out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, null=True, related_name="+")
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    text = EncryptedTextField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="staff_mail_due"),
            models.Index(fields=["created_at"], name="staff_mail_age"),
        ]


class TotpDevice(models.Model):
    """An authenticator app (RFC 6238). It counts once a first code confirmed it; each step's code works once."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="totp")
    secret = EncryptedTextField()
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)


class Passkey(models.Model):
    """A WebAuthn credential: on a device, a phone or a security key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=80)
    credential_id = models.BinaryField(unique=True, max_length=1023)
    public_key = models.BinaryField(max_length=2000)
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)


class RecoveryCode(models.Model):
    """One of ten codes for the day the phone is gone. Stored as a keyed hash; works once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="one_recovery_code")]


class SignedIn(models.Model):
    """A browser in which a person is signed in: what they see in their list of sessions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signed_in")
    session_key = models.CharField(max_length=40, unique=True)
    agent = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=64, blank=True)  # Its last part is left out.
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
