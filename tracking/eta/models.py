"""The fitted models: one small row a merchant."""

from django.db import models

from events.models import DueRow, due_index


class EtaModel(DueRow):
    """What a merchant's delivery dates are predicted with, and when it is fitted anew (`due_at`)."""

    data = models.BinaryField(null=True, help_text="tracking.eta.model.Model, packed: some 20 to 60 KB.")
    fitted_at = models.DateTimeField(null=True, help_text="The version; also on the merchant.")
    cases = models.JSONField(default=dict, help_text="By stage: how many parcels it learned from.")
    note = models.CharField(max_length=40, blank=True, help_text="Why there is no model, or no trees.")

    class Meta(DueRow.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_eta_model_a_merchant")]
        indexes = [due_index("eta_models_due")]
