"""Problems that shoppers report about a delivery, and what was said about them."""

from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Order, OrderLine
from tracking.models import Shipment


class CaseKind(models.TextChoices):
    """What is wrong."""

    NOT_RECEIVED = "not_received"
    DAMAGED = "damaged"
    MISSING_ITEM = "missing_item"
    WRONG_ITEM = "wrong_item"


class CaseStatus(models.TextChoices):
    """Whose turn it is (`cases.commands.MOVES`)."""

    WAITING = "waiting"  # the shopper gives a parcel one more day; opens by itself
    OPEN = "open"  # the shop has to answer
    ANSWERED = "answered"  # the shop has answered
    CLOSED = "closed"


class Outcome(models.TextChoices):
    """How a case ended."""

    SOLVED = "solved"
    FOUND = "found"  # it turned up


class Side(models.TextChoices):
    """Who said it."""

    SHOPPER = "shopper"
    TEAM = "team"
    SYSTEM = "system"


class EntryKind(models.TextChoices):
    """What a line of a case's history is."""

    WAITING = "waiting"
    OPENED = "opened"
    MESSAGE = "message"  # the shopper said more
    ANSWER = "answer"
    CLOSED = "closed"
    REOPENED = "reopened"


class Case(DueRow):
    """One problem with a parcel, or with an order that has none. `due_at`: when a waiting one opens by itself."""

    order = MerchantForeignKey(Order, related_name="cases")
    shipment = MerchantForeignKey(Shipment, null=True, related_name="cases")
    kind = models.CharField(max_length=16, choices=CaseKind)
    status = models.CharField(max_length=8, choices=CaseStatus)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True, help_text="Of a closed one.")
    answer_by = models.DateTimeField(
        null=True, help_text="Until when the shopper was told to expect an answer."
    )
    assignee_id = models.BigIntegerField(null=True, help_text="Who of the team looks after it.")
    assignee = models.CharField(max_length=254, blank=True, help_text="Their address, as it was then.")
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True, help_text="The first time.")
    closed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "order", "shipment", "kind"],
                condition=~Q(status=CaseStatus.CLOSED),
                nulls_distinct=False,
                name="one_open_case_a_kind",
            ),
        ]
        indexes = [
            due_index("cases_due"),
            models.Index(fields=["merchant", "-created_at", "-id"], name="cases_newest"),
            models.Index(fields=["merchant", "status", "-created_at", "-id"], name="cases_by_status"),
            models.Index(fields=["merchant", "order"], name="cases_of_order"),
        ]


class CaseLine(MerchantModel):
    """Goods that a case is about."""

    case = MerchantForeignKey(Case, related_name="lines")
    line = MerchantForeignKey(OrderLine, related_name="cases")
    quantity = models.PositiveIntegerField(default=1)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "case", "line"], name="one_row_a_line_and_case"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="case_quantity_positive"),
        ]


class CaseEntry(MerchantModel):
    """One thing that happened in a case. Never changed."""

    case = MerchantForeignKey(Case, related_name="entries")
    kind = models.CharField(max_length=8, choices=EntryKind)
    side = models.CharField(max_length=8, choices=Side)
    author = models.CharField(max_length=254, blank=True, help_text="Whoever of the team, as it was then.")
    text = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "case", "created_at", "id"], name="entries_of_case")]
        ordering = ["created_at", "id"]


class CasePhoto(MerchantModel):
    """A picture that came with an entry: drawn anew from what was uploaded (`merchants.pictures.photo_from`)."""

    case = MerchantForeignKey(Case, related_name="photos")
    entry = MerchantForeignKey(CaseEntry, related_name="photos")
    image = models.BinaryField(help_text="JPEG.")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "case"], name="photos_of_case")]
        ordering = ["id"]
