"""Writing a campaign, and letting it go, hold, go on, and end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from events import due
from merchants.audit import current_actor, differences, record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from notifications import own_words
from notifications.campaigns.models import Campaign, CampaignState
from notifications.models import Message, MessageState
from notifications.planning import SEND
from orders.segments.queries import get_segment

TOUCHPOINT: Final = "campaign"
PLAN: Final = "campaigns.plan"
_LOCALES: Final = ("en", "de")
# What is held or released in one transaction: short, however large the campaign.
_STEP: Final = 5000

_HOLD = """
UPDATE notifications_message SET due_at = NULL WHERE (merchant_id, id) IN (
    SELECT merchant_id, id FROM notifications_message
    WHERE merchant_id = %(merchant)s AND campaign_id = %(campaign)s AND state = 'planned' AND due_at IS NOT NULL
    LIMIT %(step)s FOR UPDATE SKIP LOCKED)
"""
_RELEASE = """
UPDATE notifications_message AS m SET due_at = %(now)s + (o.place / %(pace)s::float) * interval '1 minute'
FROM (
    SELECT merchant_id, id, row_number() OVER (ORDER BY id) + %(done)s AS place FROM (
        SELECT merchant_id, id FROM notifications_message
        WHERE merchant_id = %(merchant)s AND campaign_id = %(campaign)s AND state = 'planned' AND due_at IS NULL
        ORDER BY id LIMIT %(step)s FOR UPDATE) AS held
) AS o WHERE m.merchant_id = o.merchant_id AND m.id = o.id
"""
_CANCEL = """
UPDATE notifications_message SET due_at = NULL, state = 'skipped', reason = 'campaign_cancelled'
WHERE (merchant_id, id) IN (
    SELECT merchant_id, id FROM notifications_message
    WHERE merchant_id = %(merchant)s AND campaign_id = %(campaign)s AND state = 'planned'
    LIMIT %(step)s FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True)
class CampaignIn:
    """A campaign as it is written. words: language → place → text; what is left out says the built-in words.

    starts_at: UTC; None begins when it is let go. per_minute: how many go out a minute.
    """

    name: str
    segment: str
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    url: str = ""
    starts_at: datetime | None = None
    per_minute: int = 600


def save_campaign(merchant: Merchant, said: CampaignIn, *, campaign_id: UUID | None = None) -> Campaign:
    """Write a campaign, or change one that has not begun. Returns it.

    Raises Unprocessable for what cannot be sent (an empty name, an unknown segment, words that cannot be filled, an
    address that is none, a pace out of 1 to 60,000), Conflict for one that has begun, NotFound.
    """
    values = _checked(merchant, said)
    with merchant_transaction(merchant):
        if campaign_id is None:
            row = Campaign.objects.create(
                merchant=merchant, created_at=timezone.now(), created_by=current_actor().name[:254], **values
            )
            record_change("campaign.created", public_id("cmp", row.pk), row.name)
            return row
        row = _locked(campaign_id, CampaignState.DRAFT, CampaignState.SCHEDULED)
        changes = differences({name: getattr(row, name) for name in values}, values)
        for name, value in values.items():
            setattr(row, name, value)
        if row.state == CampaignState.SCHEDULED:
            row.due_at = row.starts_at or timezone.now()
        row.save(update_fields=[*values, "due_at"])
        if changes:
            record_change(
                "campaign.changed",
                public_id("cmp", row.pk),
                row.name,
                {k: v for k, v in changes.items() if k != "words"},
            )
    return row


def schedule(merchant: Merchant, campaign_id: UUID | None) -> Campaign:
    """Let a draft go at its time, or now. Raises NotFound, Conflict for what is no draft."""
    with merchant_transaction(merchant):
        row = _locked(campaign_id, CampaignState.DRAFT)
        get_segment(row.segment)
        row.state, row.due_at, row.attempts = (
            CampaignState.SCHEDULED,
            max(row.starts_at or timezone.now(), timezone.now()),
            0,
        )
        row.save(update_fields=["state", "due_at", "attempts"])
        record_change("campaign.scheduled", public_id("cmp", row.pk), row.name)
        due.ring_when_committed(PLAN)
    return row


def pause(merchant: Merchant, campaign_id: UUID | None) -> Campaign:
    """Hold whatever has not gone out. What a sender holds in its hand at this moment still goes.

    Raises Conflict for one that is over or was not let go, NotFound.
    """
    states = (CampaignState.SCHEDULED, CampaignState.PLANNING, CampaignState.SENDING, CampaignState.PAUSED)
    with merchant_transaction(merchant):
        row = _locked(campaign_id, *states)
        if row.state != CampaignState.PAUSED:
            row.state, row.due_at = CampaignState.PAUSED, None
            row.save(update_fields=["state", "due_at"])
            record_change("campaign.paused", public_id("cmp", row.pk), row.name)
    _in_steps(merchant, row, _HOLD)
    return row


def resume(merchant: Merchant, campaign_id: UUID | None) -> Campaign:
    """Let a held campaign go on from where it stands, at its pace. Raises Conflict, NotFound."""
    with merchant_transaction(merchant):
        row = _locked(campaign_id, CampaignState.PAUSED)
        row.state = CampaignState.PLANNING if row.begun_at and not row.planned_at else CampaignState.SENDING
        if row.begun_at is None:
            row.state = CampaignState.SCHEDULED
        row.due_at, row.attempts = max(timezone.now(), row.starts_at or timezone.now()), 0
        row.save(update_fields=["state", "due_at", "attempts"])
        record_change("campaign.resumed", public_id("cmp", row.pk), row.name)
        due.ring_when_committed(PLAN)
    _in_steps(merchant, row, _RELEASE)
    with merchant_transaction(merchant):
        if Message.objects.filter(campaign_id=row.pk, state=MessageState.PLANNED).exists():
            due.ring_when_committed(SEND)
    return row


def cancel(merchant: Merchant, campaign_id: UUID | None) -> Campaign:
    """End a campaign: what has not gone out never does. Raises Conflict for one that is over, NotFound."""
    states = [state for state in CampaignState if state != CampaignState.DONE]
    with merchant_transaction(merchant):
        row = _locked(campaign_id, *states)
        if row.state != CampaignState.CANCELLED:
            row.state, row.due_at, row.finished_at = CampaignState.CANCELLED, None, timezone.now()
            row.save(update_fields=["state", "due_at", "finished_at"])
            record_change("campaign.cancelled", public_id("cmp", row.pk), row.name)
    _in_steps(merchant, row, _CANCEL)
    return row


def _in_steps(merchant: Merchant, row: Campaign, sql: str) -> None:
    """Do something to all of a campaign's messages, some thousands in a transaction. Done again it finds the rest."""
    done = 0
    values: dict[str, Any] = {
        "merchant": merchant.id, "campaign": row.pk, "step": _STEP, "pace": row.per_minute, "now": timezone.now(),
    }  # fmt: skip
    while True:
        with merchant_transaction(merchant), connection.cursor() as cursor:
            cursor.execute(sql, {**values, "done": done})
            changed = cursor.rowcount
        done += changed
        if changed < _STEP:
            return


def _checked(merchant: Merchant, said: CampaignIn) -> dict[str, object]:
    name = " ".join(said.name.split())[:120]
    if not name:
        raise Unprocessable("A campaign needs a name.", param="name", code="invalid_name")
    if said.url and not said.url.startswith(("https://", "http://")):
        raise Unprocessable("The link begins with https://.", param="url", code="invalid_link")
    if not 1 <= said.per_minute <= 60_000:
        raise Unprocessable("From 1 to 60000 a minute.", param="per_minute", code="invalid_pace")
    with merchant_transaction(merchant):
        try:
            get_segment(said.segment)
        except NotFound as error:
            raise Unprocessable(
                "There is no such segment.", param="segment", code="unknown_segment"
            ) from error
    words: dict[str, dict[str, str]] = {}
    for locale, texts in said.words.items():
        if locale not in _LOCALES:
            raise Unprocessable(
                f"locale is one of {', '.join(_LOCALES)}.", param="words", code="unknown_locale"
            )
        standing = own_words.built_in(TOUCHPOINT, locale, "")
        own = {place: text for place, text in texts.items() if place in standing and text.strip()}
        if found := own_words.faults(TOUCHPOINT, locale, "", {**standing, **own}):
            place, why = next(iter(found.items()))
            raise Unprocessable(why, param=f"words.{locale}.{place}", code="invalid_template")
        words[locale] = {
            place: text for place, text in own.items() if text.strip() != standing[place].strip()
        }
    return {
        "name": name, "segment": said.segment, "words": words, "url": said.url, "starts_at": said.starts_at,
        "per_minute": said.per_minute,
    }  # fmt: skip


def _locked(campaign_id: UUID | None, *states: CampaignState) -> Campaign:
    row: Campaign | None = (
        Campaign.objects.select_for_update().filter(pk=campaign_id).first() if campaign_id else None
    )
    if row is None:
        raise NotFound("There is no such campaign.", param="campaign_id")
    if row.state not in states:
        raise Conflict(f"This campaign is {row.state}.", param="campaign_id", code="campaign_state")
    return row
