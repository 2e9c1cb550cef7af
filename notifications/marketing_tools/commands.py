"""Setting marketing tools up, giving a webhook a new secret, forgetting a tool, and noting what it answers."""

import re
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from merchants.audit import record_change
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_transaction
from notifications.marketing_tools.models import MarketingTool
from notifications.models import Channel
from webhooks.checks import check_url
from webhooks.commands import OLD_SECRET_LIVES
from webhooks.signing import new_secret

# As a header can carry it. Klaviyo's private keys begin with `pk_`; public ones are six letters and open nothing.
_KEY: Final = re.compile(r"pk_[\x21-\x7e]{8,200}")
# A tool that works is noted so often at most: not every message writes its row.
_NOTE_EVERY: Final = timedelta(minutes=1)


def save_webhook(merchant: Merchant, url: str) -> MarketingTool:
    """Hand messages to this address from now on: with a new secret the first time, else with the one that it has.

    Raises Unprocessable that names `url`: an address that is never called.
    """
    url = check_url(url)
    with merchant_transaction(merchant):
        known = _locked(merchant, Channel.WEBHOOK)
        secret = known.secret if known and known.secret else new_secret()
        return _save(
            merchant,
            known,
            Channel.WEBHOOK,
            {"url": [known.url if known else None, url]},
            url=url,
            secret=secret,
        )


def save_klaviyo(merchant: Merchant, api_key: str) -> MarketingTool:
    """Hand messages to the Klaviyo account of this private API key. Raises Unprocessable that names `api_key`."""
    api_key = api_key.strip()
    if not _KEY.fullmatch(api_key):
        raise Unprocessable("A private API key of Klaviyo begins with pk_.", param="api_key")
    with merchant_transaction(merchant):
        known = _locked(merchant, Channel.KLAVIYO)
        return _save(merchant, known, Channel.KLAVIYO, {}, secret=api_key)


def rotate_secret(merchant: Merchant) -> MarketingTool:
    """Give the webhook a new secret; the former one signs beside it for a day. Raises NotFound."""
    with merchant_transaction(merchant):
        tool = _locked(merchant, Channel.WEBHOOK)
        if tool is None:
            raise NotFound("There is no such tool.")
        tool.old_secret, tool.secret = tool.secret, new_secret()
        tool.old_secret_until = timezone.now() + OLD_SECRET_LIVES
        tool.save(update_fields=["secret", "old_secret", "old_secret_until"])
        record_change("marketing_tool.secret_rotated", label=tool.channel)
    return tool


def remove(merchant: Merchant, channel: str) -> None:
    """Forget a tool with what opens it, and hand nothing over any more. One that is not set up changes nothing."""
    with merchant_transaction(merchant):
        tool = _locked(merchant, channel)
        if tool is not None:
            tool.delete()
            _offer(merchant)
            record_change("marketing_tool.removed", label=channel)


def note_success(merchant: Merchant, tool: MarketingTool) -> None:
    """It took something now."""
    now = timezone.now()
    if tool.failing_since is None and tool.last_success_at and now - tool.last_success_at < _NOTE_EVERY:
        return
    _note(merchant, tool, last_success_at=now, failing_since=None)


def note_failure(merchant: Merchant, tool: MarketingTool, answer: str) -> None:
    """It did not take something now, and said this (without secrets)."""
    now = timezone.now()
    _note(
        merchant, tool, last_failure_at=now, last_failure=answer[:500],
        failing_since=tool.failing_since or now,
    )  # fmt: skip


def _note(merchant: Merchant, tool: MarketingTool, **columns: Any) -> None:
    with merchant_transaction(merchant):
        MarketingTool.objects.filter(pk=tool.pk).update(**columns)


def _locked(merchant: Merchant, channel: str) -> MarketingTool | None:
    # The merchant's row first, so that two people at once do not make two tools of a kind.
    Merchant.objects.select_for_update(no_key=True).only("id").get(pk=merchant.pk)
    return MarketingTool.objects.select_for_update().filter(channel=channel).first()


def _save(
    merchant: Merchant,
    known: MarketingTool | None,
    channel: Channel,
    changes: dict[str, list[Any]],
    **columns: Any,
) -> MarketingTool:
    tool = known or MarketingTool(merchant=merchant, channel=channel, created_at=timezone.now())
    # What went wrong before says nothing about the new address or key.
    for name, value in {
        **columns,
        "failing_since": None,
        "last_failure_at": None,
        "last_failure": "",
    }.items():
        setattr(tool, name, value)
    tool.save(force_insert=known is None)
    _offer(merchant)
    record_change("marketing_tool.saved", label=channel, changes=changes)
    return tool


def _offer(merchant: Merchant) -> None:
    """Let the merchant's row name the channels of the tools that there are."""
    found = sorted(MarketingTool.objects.values_list("channel", flat=True))
    Merchant.objects.filter(pk=merchant.pk).update(marketing_tools=found)
    merchant.marketing_tools = found
