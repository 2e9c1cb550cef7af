"""Files of data that a merchant brings along: how far each is read, what was refused, how columns were mapped."""

from django.db import models

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel


class Kind(models.TextChoices):
    """What a file holds."""

    ORDERS = "orders"
    SHIPMENTS = "shipments"
    CUSTOMERS = "customers"
    PRODUCTS = "products"


class Format(models.TextChoices):
    CSV = "csv"
    NDJSON = "ndjson"


class ImportState(models.TextChoices):
    """`imports.commands` and `imports.work` move it.

    draft → running → done | failed | stopped; done, failed, stopped → undoing → undone. A draft that nobody starts
    is forgotten.
    """

    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    UNDOING = "undoing"
    UNDONE = "undone"


class Import(DueRow):
    """One file. `due_at`: when a worker reads on, or when a draft is forgotten.

    `offset` and `line` move in the transaction that stores what was read up to there: a killed import goes on
    exactly behind it.
    """

    kind = models.CharField(max_length=12, choices=Kind)
    format = models.CharField(max_length=8, choices=Format)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.DRAFT)
    file_name = models.CharField(max_length=200, help_text="As the person calls it.")
    stored_as = models.CharField(max_length=80, help_text="Name in IMPORTS_FOLDER; empty once it is deleted.")
    size = models.BigIntegerField()
    encoding = models.CharField(max_length=16, default="utf-8")
    delimiter = models.CharField(max_length=1, blank=True)
    headers = models.JSONField(default=list)
    mapping = models.JSONField(default=dict, help_text="Field → header.")
    options = models.JSONField(default=dict, help_text="decimal, dates, currency: see imports.values.")
    offset = models.BigIntegerField(default=0, help_text="Bytes that are worked off.")
    line = models.BigIntegerField(default=0, help_text="The last line that is worked off.")
    read = models.BigIntegerField(default=0, help_text="Records: orders, not lines.")
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    undone = models.BigIntegerField(default=0)
    undone_to = models.UUIDField(null=True, help_text="The last order that undoing has looked at.")
    error = models.CharField(max_length=500, blank=True, help_text="Why the whole import failed.")
    created_by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        indexes = [
            due_index("imports_due"),
            models.Index(fields=["merchant", "-created_at", "-id"], name="imports_newest"),
        ]


class RefusedLine(MerchantModel):
    """A record that was not stored: where it stands in the file, and what is wrong with it."""

    source = MerchantForeignKey(Import, related_name="refused_lines")
    line = models.BigIntegerField()
    field = models.CharField(max_length=80, blank=True, help_text="The API's name: lines[0].quantity.")
    column = models.CharField(max_length=200, blank=True, help_text="The header that it was read from.")
    detail = models.CharField(max_length=500)

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "source", "line", "id"], name="refused_of_import")]


class ColumnMapping(MerchantModel):
    """How columns were mapped the last time that a file with these headers came."""

    kind = models.CharField(max_length=12, choices=Kind)
    headers_digest = models.BinaryField(max_length=32)
    mapping = models.JSONField()
    options = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind", "headers_digest"], name="one_mapping_a_set_of_headers"
            )
        ]
