"""What a merchant made of a touchpoint: whether and how it goes out, and its own words in every version."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from merchants.models import MerchantModel
from notifications.choices import Channel


def every_channel() -> list[str]:
    """All of them: a touchpoint that nobody touched uses what it can."""
    return list(Channel.values)


class TouchpointSwitch(MerchantModel):
    """How a merchant sends a touchpoint. Without a row it is on, at once, over all of its channels."""

    touchpoint = models.CharField(max_length=60)
    is_on = models.BooleanField(default=True)
    channels = ArrayField(models.CharField(max_length=8), default=every_channel)
    delay_minutes = models.PositiveIntegerField(default=0)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "touchpoint"], name="one_switch_a_touchpoint"),
            models.CheckConstraint(condition=Q(delay_minutes__lte=7 * 24 * 60), name="delay_at_most_a_week"),
        ]


class WordsVersion(MerchantModel):
    """A merchant's own words of a touchpoint in a language, as they were saved once. The newest version counts.

    `words` holds what differs from the built-in words, by variant ("" for the general words): `{"": {"lead": "…"}}`.
    Nothing in it: the built-in words again.
    """

    touchpoint = models.CharField(max_length=60)
    locale = models.CharField(max_length=10)
    number = models.PositiveIntegerField(help_text="1 for the first version.")
    words = models.JSONField(default=dict)
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=254, blank=True)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "touchpoint", "locale", "number"], name="one_words_version"
            ),
        ]
