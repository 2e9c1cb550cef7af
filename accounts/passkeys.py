"""Passkeys (WebAuthn): as a second factor, and instead of a password.

A ceremony's challenge travels in a signed form field, bound to what it is for and to whom, and works once: a page
that shows the sign-in form stores nothing.

The library weighs 15 MB in a process, so it is loaded by the first ceremony: processes that only serve shops and
shoppers never meet one.
"""

import json
from types import ModuleType
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Passkey
from accounts.notes import note_in_teams
from accounts.two_factor import forget_codes_without_factor
from merchants import throttle

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

MOST = 20
_SALT = "accounts.passkeys"
_VALID_SECONDS = 600
_LONGEST = 16_000


class BadPasskey(Exception):
    """What the browser sent proves nothing."""


def _library() -> ModuleType:
    import webauthn

    return webauthn


def _bad() -> tuple[type[Exception], ...]:
    """What the library raises for an answer that is no credential, and what its parsing stumbles on."""
    from webauthn.helpers.exceptions import WebAuthnException

    return WebAuthnException, ValueError, KeyError, TypeError


def creation(request: HttpRequest, user: User) -> tuple[str, str]:
    """Options for `navigator.credentials.create` and the signed challenge that comes back with its answer."""
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    webauthn = _library()
    options = webauthn.generate_registration_options(
        rp_id=_host(request),
        rp_name="Afterward",
        user_id=str(user.pk).encode(),
        user_name=user.username,
        user_display_name=user.first_name or user.username,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_known(user),
    )
    return webauthn.options_to_json(options), _signed(options.challenge, "create", user)


def add(request: HttpRequest, user: User, *, name: str, answer: str, challenge: str) -> Passkey:
    """Keep a new passkey. Raises BadPasskey."""
    expected = _unsigned(challenge, "create", user)
    try:
        made = _library().verify_registration_response(
            credential=_parsed(answer), expected_challenge=expected,
            expected_rp_id=_host(request), expected_origin=_origin(request),
        )  # fmt: skip
    except _bad() as error:
        raise BadPasskey from error
    with transaction.atomic():
        if Passkey.objects.filter(credential_id=made.credential_id).exists() or user.passkeys.count() >= MOST:
            raise BadPasskey
        passkey = Passkey.objects.create(
            user=user, name=name[:80], credential_id=made.credential_id,
            public_key=made.credential_public_key, sign_count=made.sign_count,
        )  # fmt: skip
        note_in_teams(user, "account.passkey_added", passkey.name)
    return passkey


def question(request: HttpRequest, user: User | None = None) -> tuple[str, str]:
    """Options for `navigator.credentials.get` and the signed challenge. Without a user: whoever has a passkey here."""
    from webauthn.helpers.structs import UserVerificationRequirement

    webauthn = _library()
    options = webauthn.generate_authentication_options(
        rp_id=_host(request),
        allow_credentials=_known(user) if user else [],
        user_verification=UserVerificationRequirement.PREFERRED
        if user
        else UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options), _signed(options.challenge, "get", user)


def check(request: HttpRequest, *, answer: str, challenge: str, user: User | None = None) -> User:
    """Who answered. Raises BadPasskey: another person's, an old challenge, a device that did not check its owner."""
    expected = _unsigned(challenge, "get", user)
    try:
        given = _parsed(answer)
        credential_id = signing.b64_decode(str(given["id"]).encode())
    except _bad() as error:
        raise BadPasskey from error
    found = Passkey.objects.select_related("user").filter(credential_id=credential_id, user__is_active=True)
    passkey = (found.filter(user=user) if user else found).first()
    if passkey is None:
        raise BadPasskey
    try:
        proof = _library().verify_authentication_response(
            credential=given, expected_challenge=expected,
            expected_rp_id=_host(request), expected_origin=_origin(request),
            credential_public_key=bytes(passkey.public_key), credential_current_sign_count=passkey.sign_count,
            require_user_verification=user is None,
        )  # fmt: skip
    except _bad() as error:
        raise BadPasskey from error
    Passkey.objects.filter(pk=passkey.pk).update(sign_count=proof.new_sign_count, last_used_at=timezone.now())
    return passkey.user


def remove(user: User, passkey: Passkey) -> None:
    """Do without this passkey from now on."""
    with transaction.atomic():
        passkey.delete()
        note_in_teams(user, "account.passkey_removed", passkey.name)
        forget_codes_without_factor(user)


def _known(user: User) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    ids = Passkey.objects.filter(user=user).values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=bytes(credential_id)) for credential_id in ids]


def _origin(request: HttpRequest) -> str:
    """Where the page stands. An installation with TLS has one name; one without is tried out under many."""
    return settings.PUBLIC_URL if settings.SECURE else f"{request.scheme}://{request.get_host()}"


def _host(request: HttpRequest) -> str:
    return _origin(request).split("/")[2].rsplit(":", 1)[0]


def _signed(challenge: bytes, purpose: str, user: User | None) -> str:
    value = [signing.b64_encode(challenge).decode(), purpose, user.pk if user else None]
    return signing.dumps(value, salt=_SALT)


def _unsigned(text: str, purpose: str, user: User | None) -> bytes:
    """The challenge, once: a second use of it is refused. Raises BadPasskey."""
    try:
        challenge, given_purpose, given_user = signing.loads(text, salt=_SALT, max_age=_VALID_SECONDS)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadPasskey from error
    if (given_purpose, given_user) != (purpose, user.pk if user else None):
        raise BadPasskey
    if throttle.hit("passkey", challenge, limit=1, window=_VALID_SECONDS):
        raise BadPasskey
    return signing.b64_decode(challenge.encode())


def _parsed(answer: str) -> dict[str, Any]:
    """What the browser sent, as JSON. Raises ValueError."""
    value = json.loads(answer) if len(answer) <= _LONGEST else None
    if not isinstance(value, dict):
        raise ValueError("not a credential")
    return value
