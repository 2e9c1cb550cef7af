"""What a merchant made of a touchpoint: whether, when and how it goes out, and its own words in every version."""

from django.db import models
from django.db.models import Q

from merchants.models import MerchantModel


class TouchpointVersion(MerchantModel):
    """How a merchant sends a touchpoint, as it was saved once (`switches.Switch`). Without a row: as it was built."""

    touchpoint = models.CharField(max_length=60)
    number = models.PositiveIntegerField(help_text="1 for the first version.")
    settings = models.JSONField(default=dict)
    is_current = models.BooleanField(help_text="The newest version: it holds for what happens from now on.")
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=254, blank=True)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "touchpoint", "number"], name="one_touchpoint_version"
            ),
            models.UniqueConstraint(
                fields=["merchant", "touchpoint"], condition=Q(is_current=True), name="one_current_touchpoint"
            ),
        ]


class WordsVersion(MerchantModel):
    """A merchant's own words of a touchpoint in a language, as they were saved once. The newest version counts.

    `words` holds what differs from the built-in words, by variant ("" for the general words): `{"": {"lead": "…"}}`.
    Nothing in it: the built-in words again. `blocks` holds, by variant as well, what its mail is composed of
    (`own_blocks`); a variant that is not in it goes out in our design.
    """

    touchpoint = models.CharField(max_length=60)
    locale = models.CharField(max_length=10)
    number = models.PositiveIntegerField(help_text="1 for the first version.")
    words = models.JSONField(default=dict)
    blocks = models.JSONField(default=dict, db_default={})
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=254, blank=True)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "touchpoint", "locale", "number"], name="one_words_version"
            ),
        ]


class MessagePicture(MerchantModel):
    """A picture that a merchant uploaded for its messages. What is sent points at it, so it stays."""

    digest = models.CharField(
        max_length=64, help_text="SHA-256 of `data`, in hex: its address on the portal."
    )
    data = models.BinaryField(help_text="JPEG, re-encoded by us.")
    name = models.CharField(max_length=120, help_text="What its file was called.")
    uploaded_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "digest"], name="one_picture_once"),
        ]
