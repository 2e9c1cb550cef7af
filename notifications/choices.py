"""The words that every table of messages uses."""

from django.db import models


class Channel(models.TextChoices):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    WEBHOOK = "webhook"
    KLAVIYO = "klaviyo"


# Channels that hand a message over to a marketing tool of the shop's own, which writes to the shopper by itself.
TOOLS = (Channel.WEBHOOK, Channel.KLAVIYO)
# What people can be written to at: an address that can be suppressed, and agreed to.
ADDRESSED = (Channel.EMAIL, Channel.SMS)


def address_channel(channel: str) -> str:
    """Under which channel a recipient's address is known: a marketing tool writes to people by e-mail."""
    return Channel.EMAIL if channel in TOOLS else channel


class MessageClass(models.TextChoices):
    """What kind of message it is: decides consent, headers and quiet hours (PRODUCT, N2)."""

    TRANSACTIONAL = "transactional"
    LEGAL = "legal"
    SERVICE = "service"
    MARKETING = "marketing"


class Reach(models.TextChoices):
    """Which of a message's channels are used: every one, or the first by which the shopper can be reached."""

    ALL = "all"
    FIRST = "first"
