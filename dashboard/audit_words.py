"""What the audit log says for actions and fields. One without words here shows as its code."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.models import ActorKind

ACTORS: dict[str, Promise] = {
    ActorKind.PERSON: _("Person"),
    ActorKind.KEY: _("API key"),
    ActorKind.SYSTEM: _("Afterward itself"),
}

# What stands before the dot of an action.
SUBJECTS: dict[str, Promise] = {
    "team": _("Team"),
    "account": _("People's sign-in"),
    "merchant": _("Shop and brand"),
    "api_key": _("API keys"),
    "carrier_account": _("Carriers"),
    "shop": _("Connected shops"),
    "shop_pull": _("Fetching from shops"),
    "webhook_endpoint": _("Webhooks"),
    "template": _("Message templates"),
    "import": _("Imports"),
    "order": _("Orders"),
    "message": _("Messages"),
    "parked": _("Parked work"),
}

ACTIONS: dict[str, Promise] = {
    "team.invited": _("Invited to the team"),
    "team.invitation_resent": _("Invitation sent again"),
    "team.invitation_revoked": _("Invitation taken back"),
    "team.joined": _("Joined the team"),
    "team.role_changed": _("Role changed"),
    "team.removed": _("Taken out of the team"),
    "team.two_factor_required": _("Second factor for everybody"),
    "account.authenticator_added": _("Authenticator app set up"),
    "account.authenticator_removed": _("Authenticator app removed"),
    "account.passkey_added": _("Passkey added"),
    "account.passkey_removed": _("Passkey removed"),
    "account.recovery_codes_made": _("New recovery codes made"),
    "account.password_changed": _("Password changed"),
    "merchant.created": _("Shop made"),
    "merchant.updated": _("Shop settings changed"),
    "api_key.created": _("API key made"),
    "api_key.revoked": _("API key revoked"),
    "carrier_account.saved": _("Carrier account saved"),
    "carrier_account.removed": _("Carrier account removed"),
    "shop.connected": _("Shop connected"),
    "shop.disconnected": _("Shop disconnected"),
    "shop.changed": _("Shop connection changed"),
    "shop.secret_rotated": _("Shop's webhook secret changed"),
    "shop_pull.started": _("Fetching from a shop started"),
    "shop_pull.stopped": _("Fetching from a shop stopped"),
    "shop_pull.continued": _("Fetching from a shop continued"),
    "webhook_endpoint.created": _("Webhook endpoint made"),
    "template.saved": _("Message template saved"),
    "template.reverted": _("Message template back to ours"),
    "order.cancelled": _("Order cancelled"),
    "order.link_renewed": _("Link of an order renewed"),
    "message.retried": _("Message tried again"),
    "parked.retried": _("Parked work tried again"),
}

FIELDS: dict[str, Promise] = {
    "role": _("Role"),
    "two_factor_required": _("Required"),
    "scopes": _("May"),
    "count": _("Count"),
}
