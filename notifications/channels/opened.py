"""The channels' connections of one batch of messages."""

from accounts.mailers import mailers
from notifications.channels.base import Announce, ChannelConnection, Unreachable
from notifications.models import Channel


class Channels:
    """Each connection is opened once, and given up once it cannot be reached."""

    def __init__(self, announce: Announce) -> None:
        """announce: as `FallOver` wants it."""
        self._announce = announce
        self._open: dict[str, ChannelConnection] = {}
        self._down: dict[str, str] = {}

    def get(self, channel: str) -> ChannelConnection:
        """A channel with its connection open. Raises Unreachable."""
        if channel in self._down:
            raise Unreachable(self._down[channel])
        try:
            if channel not in self._open:
                self._open[channel] = self._connection(channel)
            self._open[channel].open()
        except Unreachable as error:
            self._down[channel] = str(error)
            raise
        return self._open[channel]

    def close(self) -> None:
        """Hang up everywhere."""
        for channel in self._open.values():
            channel.close()

    def _connection(self, channel: str) -> ChannelConnection:
        # Imported here: without text messages nobody loads Twilio's library (20 MB), nor without push the one for it.
        if channel == Channel.SMS:
            from notifications.channels.sms import SmsConnection

            return SmsConnection()
        if channel == Channel.PUSH:
            from notifications.channels.push import PushConnection

            return PushConnection()
        if channel == Channel.WEBHOOK:
            from notifications.channels.webhook import WebhookConnection

            return WebhookConnection()
        if channel == Channel.KLAVIYO:
            from notifications.channels.klaviyo import KlaviyoConnection

            return KlaviyoConnection()
        from notifications.channels.email import EmailConnection
        from notifications.channels.fall_over import FallOver

        providers = mailers()
        return FallOver(providers, self._announce) if len(providers) > 1 else EmailConnection(providers[0])
