"""Flows, their versions, the runs through them, and what each run did, step by step."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Customer, Order


class Flow(MerchantModel):
    """A series of messages. Its newest version is what new runs go through."""

    name = models.CharField(max_length=120)
    is_on = models.BooleanField(default=False)
    number = models.PositiveIntegerField(help_text="Of the version that holds.")
    template = models.CharField(max_length=40, blank=True, help_text="What it was made from.")
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, help_text="Its runs stay to be read.")

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "-created_at", "-id"], name="flows_newest")]


class FlowVersion(MerchantModel):
    """A flow as it was saved once (`definition.Definition`). Never changed."""

    flow = MerchantForeignKey(Flow, related_name="versions")
    number = models.PositiveIntegerField(help_text="1 for the first version.")
    definition = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=254, blank=True)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "flow", "number"], name="one_flow_version"),
        ]


class RunState(models.TextChoices):
    """running → finished | stopped. While it waits it is running: `due_at` says until when."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"


class FlowRun(DueRow):
    """One order's way through one version of a flow. `due_at` says when the next step is taken."""

    flow = MerchantForeignKey(Flow, related_name="runs")
    version = MerchantForeignKey(FlowVersion, related_name="runs")
    order = MerchantForeignKey(Order, related_name="flow_runs")
    customer = MerchantForeignKey(Customer, on_delete=models.SET_NULL, null=True, related_name="flow_runs")
    shipment_id = models.UUIDField(null=True)
    key = models.BinaryField(
        max_length=32, help_text="Hash of what it runs once for: the order or the customer."
    )
    state = models.CharField(max_length=8, choices=RunState, default=RunState.RUNNING)
    reason = models.CharField(max_length=40, blank=True, help_text="Code of why it was stopped.")
    step = models.CharField(max_length=40, help_text="The id of the step that comes next, or is waited in.")
    waits_for = ArrayField(models.CharField(max_length=60), default=list, help_text="Facts that wake it.")
    stops_on = ArrayField(models.CharField(max_length=60), default=list, help_text="Facts that end it.")
    woken_by = models.CharField(max_length=60, blank=True, help_text="The fact that woke it.")
    fact_position = models.BigIntegerField(help_text="The fact that started it.")
    fact_type = models.CharField(max_length=60)
    seen_position = models.BigIntegerField(help_text="The last fact that it went on by.")
    steps_taken = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "flow", "key"], name="one_run_a_key")]
        indexes = [
            due_index("flow_runs_due"),
            models.Index(fields=["merchant", "flow", "-started_at", "-id"], name="runs_of_flow"),
            models.Index(fields=["merchant", "order"], name="runs_of_order"),
            models.Index(fields=["merchant", "flow"], condition=Q(state="running"), name="runs_under_way"),
            models.Index(
                fields=["merchant", "customer"],
                condition=Q(state="running", customer__isnull=False),
                name="runs_of_customer",
            ),
        ]


class FlowStep(MerchantModel):
    """One step that a run took: when, what came out, and why. Never changed."""

    run = MerchantForeignKey(FlowRun, related_name="log")
    number = models.PositiveIntegerField(help_text="1 for the first step of the run.")
    step = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    outcome = models.CharField(max_length=20)
    goes_to = models.CharField(max_length=40, help_text="The step after it, or end.")
    detail = models.JSONField(
        default=dict, help_text="Conditions with what was found, the messages, until when."
    )
    taken_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "run", "number"], name="one_step_once")]
