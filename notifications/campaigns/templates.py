"""A campaign's words in our design, by language."""

from collections.abc import Iterable
from uuid import UUID

from notifications.campaigns.models import Campaign
from notifications.models import Message
from notifications.rendering.catalog import LOCALES, resolve_locale

# Language → place → words.
Words = dict[str, dict[str, str]]


def words_of(messages: Iterable[Message]) -> dict[UUID, Words]:
    """The words of the campaigns that these messages belong to: one query, none when there is none."""
    wanted = {message.campaign_id for message in messages if message.campaign_id}
    return dict(Campaign.objects.filter(pk__in=wanted).values_list("pk", "words")) if wanted else {}


def spoken_in(campaign: Campaign, locale: str) -> str:
    """In which locale somebody gets it: their own, unless it was written in other languages only."""
    written = [language for language in LOCALES if campaign.words.get(language)]
    return locale if not written or resolve_locale(locale) in written else written[0]
