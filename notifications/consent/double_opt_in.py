"""Double opt-in: a request is noted, a mail asks, and only the button behind its link confirms."""

from typing import Final

from django.utils import translation

from merchants.models import Merchant
from merchants.rest.errors import TooManyRequests, Unprocessable
from merchants.scope import merchant_transaction
from merchants.throttle import hit
from notifications import planning
from notifications.choices import Channel
from notifications.consent import commands
from notifications.consent.choices import Topic
from notifications.consent.commands import Said
from notifications.consent.models import ConsentEntry
from notifications.suppressions import digest, normal_address
from notifications.touchpoints import TOUCHPOINTS
from orders.customers import put_customer
from orders.schemas import CustomerIn

# A form on the internet must not fill a stranger's mailbox.
MOST_A_DAY: Final = 3
_DAY: Final = 86_400


def ask(merchant: Merchant, email: str, topic: str, said: Said) -> ConsentEntry:
    """Ask an address by e-mail to confirm that it agrees. Returns the entry of the request.

    The mail names what is agreed to and offers nothing (OLG Munich, 29 U 1682/12, and those after it). Who it goes to
    becomes a customer of the shop if they are none yet. Raises Unprocessable for what is no address, and
    TooManyRequests when the address was asked three times within a day.
    """
    normal = normal_address(Channel.EMAIL, email)
    if not normal:
        raise Unprocessable("This is no address of the channel.", param="address", code="invalid_address")
    key = digest(Channel.EMAIL, normal).hex()
    if wait := hit("double-opt-in", merchant.pk, key, limit=MOST_A_DAY, window=_DAY):
        raise TooManyRequests("This address was asked often enough today.", retry_after=wait)
    with merchant_transaction(merchant):
        entry = commands.request(merchant, Channel.EMAIL, normal, topic, said)
        customer, _ = put_customer(merchant, CustomerIn(email=normal, locale=said.locale))
        message = planning.plan_for_customer(
            merchant, customer, TOUCHPOINTS["double_opt_in"], Channel.EMAIL, moment=str(entry.pk),
            data={"consent_id": str(entry.pk)},
        )  # fmt: skip
        message.locale = said.locale or message.locale
        message.data["topics"] = _topics(topic, message.locale)
        planning.store([message])
    return entry


def _topics(topic: str, locale: str) -> str:
    with translation.override(locale.split("-")[0]):
        named = [Topic(topic)] if topic else list(Topic)
        return ", ".join(str(each.label) for each in named)
