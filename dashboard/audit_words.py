"""What the audit log says for actions and fields. One without words here shows as its code."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.models import ActorKind

ACTORS: dict[str, Promise] = {
    ActorKind.PERSON: _("Person"),
    ActorKind.KEY: _("API key"),
    ActorKind.SYSTEM: _("Afterward itself"),
    ActorKind.SHOPPER: _("Customer"),
}

# What stands before the dot of an action.
SUBJECTS: dict[str, Promise] = {
    "team": _("Team"),
    "account": _("People's sign-in"),
    "merchant": _("Shop and brand"),
    "api_key": _("API keys"),
    "carrier_account": _("Carriers"),
    "shop": _("Connected shops"),
    "sandbox": _("Sandbox"),
    "shop_pull": _("Fetching from shops"),
    "webhook_endpoint": _("Webhooks"),
    "template": _("Message templates"),
    "import": _("Imports"),
    "domain": _("Own domains"),
    "sender": _("Sender"),
    "trial": _("Test orders"),
    "settings": _("Settings"),
    "order": _("Orders"),
    "orders": _("Orders, several at once"),
    "message": _("Messages"),
    "case": _("Cases"),
    "watch": _("Watch-list"),
    "parked": _("Parked work"),
}

ACTIONS: dict[str, Promise] = {
    "team.invited": _("Invited to the team"),
    "team.invitation_resent": _("Invitation sent again"),
    "team.invitation_revoked": _("Invitation taken back"),
    "team.joined": _("Joined the team"),
    "team.role_changed": _("Role changed"),
    "team.changed_by_operator": _("Team changed by the operator"),
    "team.removed": _("Taken out of the team"),
    "team.two_factor_required": _("Second factor for everybody"),
    "account.authenticator_added": _("Authenticator app set up"),
    "account.authenticator_removed": _("Authenticator app removed"),
    "account.passkey_added": _("Passkey added"),
    "account.passkey_removed": _("Passkey removed"),
    "account.recovery_codes_made": _("New recovery codes made"),
    "account.second_factor_forgotten": _("Second factor forgotten by the operator"),
    "account.password_changed": _("Password changed"),
    "watch.assigned": _("Given to somebody"),
    "watch.snoozed": _("Put off or brought back"),
    "watch.noted": _("Note written"),
    "watch.answered": _("Customer informed"),
    "watch.dismissed": _("Done with"),
    "merchant.created": _("Shop made"),
    "merchant.updated": _("Shop settings changed"),
    "api_key.created": _("API key made"),
    "api_key.revoked": _("API key revoked"),
    "sandbox.created": _("Sandbox made"),
    "carrier_account.saved": _("Carrier account saved"),
    "carrier_account.removed": _("Carrier account removed"),
    "shop.connected": _("Shop connected"),
    "shop.disconnected": _("Shop disconnected"),
    "shop.changed": _("Shop connection changed"),
    "shop.secret_rotated": _("Shop's webhook secret changed"),
    "shop_pull.started": _("Fetching from a shop started"),
    "shop_pull.stopped": _("Fetching from a shop stopped"),
    "shop_pull.continued": _("Fetching from a shop continued"),
    "import.started": _("Import started"),
    "import.stopped": _("Import stopped"),
    "import.undone": _("Import undone"),
    "settings.brand": _("Brand changed"),
    "settings.legal": _("Languages and legal links changed"),
    "settings.self_service": _("Self-service of customers changed"),
    "settings.delivery": _("Delivery promise changed"),
    "settings.carriers": _("Default carrier changed"),
    "settings.setup": _("Set-up list put away or shown"),
    "domain.added": _("Own domain added"),
    "domain.verified": _("Own domain verified"),
    "domain.lost": _("Own domain lost to its new owner"),
    "domain.removed": _("Own domain removed"),
    "sender.tested": _("Test mail sent"),
    "trial.begun": _("Test order made"),
    "trial.moved": _("Test order moved on"),
    "settings.sender": _("Sender changed"),
    "webhook_endpoint.created": _("Webhook endpoint made"),
    "webhook_endpoint.changed": _("Webhook endpoint changed"),
    "webhook_endpoint.updated": _("Webhook endpoint changed"),
    "webhook_endpoint.paused": _("Webhook endpoint paused"),
    "webhook_endpoint.resumed": _("Webhook endpoint resumed"),
    "webhook_endpoint.disabled": _("Webhook endpoint switched off"),
    "webhook_endpoint.deleted": _("Webhook endpoint deleted"),
    "webhook_endpoint.tested": _("Test event sent"),
    "webhook_endpoint.resent": _("Webhooks sent again"),
    "webhook_endpoint.secret_rotated": _("Secret of a webhook endpoint changed"),
    "orders.cancel": _("Orders cancelled"),
    "orders.add_tag": _("Tag added to orders"),
    "orders.remove_tag": _("Tag taken off orders"),
    "orders.refresh": _("Carriers asked about orders"),
    "orders.resend": _("Messages of orders sent again"),
    "template.saved": _("Message template saved"),
    "template.reverted": _("Message template back to ours"),
    "order.cancelled": _("Order cancelled"),
    "order.address_changed": _("Address of an order changed"),
    "order.tagged": _("Tags of an order changed"),
    "order.noted": _("Note added to an order"),
    "order.link_renewed": _("Link of an order renewed"),
    "case.answered": _("Case answered"),
    "case.closed": _("Case closed"),
    "case.reopened": _("Case taken up again"),
    "case.assigned": _("Case given to somebody"),
    "shipment.refreshed": _("Carrier asked about a parcel"),
    "saved_tab.created": _("Tab saved"),
    "saved_tab.changed": _("Saved tab changed"),
    "saved_tab.deleted": _("Saved tab deleted"),
    "message.retried": _("Message tried again"),
    "parked.retried": _("Parked work tried again"),
}

FIELDS: dict[str, Promise] = {
    "role": _("Role"),
    "two_factor_required": _("Required"),
    "scopes": _("May"),
    "count": _("Count"),
}


def what(action: str) -> str:
    """What was done, in words. An action without words of its own is named by what it was about (`Webhooks: muted`)."""
    if action in ACTIONS:
        return str(ACTIONS[action])
    head, _dot, verb = action.partition(".")
    return f"{SUBJECTS[head]}: {verb.replace('_', ' ')}" if head in SUBJECTS else action
