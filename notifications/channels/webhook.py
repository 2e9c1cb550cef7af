"""Messages to a webhook of the shop's, which sees to it that they reach the shopper: signed, by Standard Webhooks.

The id in `webhook-id` is the message's and the same at every try, so that a receiver can drop what it has had. Any 2xx
takes it, 408, 429 and 5xx have it sent again, and whatever else refuses it for good. Where no answer came it may have
been taken: it is sent again with its id, but for marketing, which is held as a mail's would be.
"""

from django.utils import timezone

from notifications.channels.tool import Told, ToolConnection, post
from notifications.marketing_tools.handed import TEST_TYPE, TYPE, Handed, body
from notifications.marketing_tools.models import MarketingTool
from notifications.models import Channel
from webhooks.signing import live_secrets, signed_headers


class WebhookConnection(ToolConnection):
    """The merchants' webhooks."""

    channel = Channel.WEBHOOK

    def hand(self, tool: MarketingTool, message: Handed) -> Told:
        """Post a message, signed now with every live secret."""
        now = timezone.now()
        sent = body(TEST_TYPE if message.touchpoint == "test" else TYPE, now, message)
        signed = signed_headers(message.id, int(now.timestamp()), sent, live_secrets(tool))
        headers = {
            "Content-Type": "application/json", "User-Agent": "Afterward",
            "Connection": "close",  # a kept connection that died leaves us in doubt
        }  # fmt: skip
        answer = post(tool.url, {**headers, **signed}, sent)
        if isinstance(answer, Told):
            return answer
        said = " ".join(answer.text.replace("\0", "").split())[:200]
        return Told(
            answer.status, f"{answer.status} {said}".strip(), answer.headers.get("Retry-After", "")[:100]
        )
