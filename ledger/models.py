"""Double entry: accounts, and the transfers that alone change what is on them. The terms are TigerBeetle's."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel


class TransferState(models.TextChoices):
    """pending → posted | voided, or posted at once (`ledger.commands`). The database refuses any other move."""

    PENDING = "pending"  # the amount is set aside on both accounts
    POSTED = "posted"
    VOIDED = "voided"  # as if it had never been there


class Account(MerchantModel):
    """A place where money is. Its sums are written by the database alone, when a transfer is (migration 0002).

    What is on it is `credits_posted - debits_posted`. A `limited` account never gives away, or sets aside, more than
    came in: the check below holds it under any concurrency.
    """

    code = models.CharField(max_length=32, help_text="What kind of account: `order_payment`.")
    key = models.CharField(max_length=191, help_text="Whose it is, within its code.")
    currency = models.CharField(max_length=3)
    limited = models.BooleanField(help_text="Debits, pending ones too, never exceed posted credits.")
    debits_pending = models.DecimalField(max_digits=20, decimal_places=4, default=Decimal(0))
    debits_posted = models.DecimalField(max_digits=20, decimal_places=4, default=Decimal(0))
    credits_pending = models.DecimalField(max_digits=20, decimal_places=4, default=Decimal(0))
    credits_posted = models.DecimalField(max_digits=20, decimal_places=4, default=Decimal(0))
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "code", "key", "currency"], name="one_account_a_key_and_currency"
            ),
            models.CheckConstraint(
                condition=Q(limited=False) | Q(credits_posted__gte=F("debits_posted") + F("debits_pending")),
                name="account_never_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(
                    debits_pending__gte=0, debits_posted__gte=0, credits_pending__gte=0, credits_posted__gte=0
                ),
                name="account_sums_not_negative",
            ),
        ]

    @property
    def balance(self) -> Decimal:
        """What is on it, without what is pending."""
        return self.credits_posted - self.debits_posted

    @property
    def available(self) -> Decimal:
        """What may still be taken: the balance without what is set aside. Never below zero on a limited account."""
        return self.balance - self.debits_pending


class Transfer(DueRow):
    """An amount that goes from one account (debit) to another (credit). `due_at`: when a pending one is voided."""

    debit_account = MerchantForeignKey(Account, on_delete=models.RESTRICT, related_name="debits")
    credit_account = MerchantForeignKey(Account, on_delete=models.RESTRICT, related_name="credits")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    code = models.CharField(max_length=32, help_text="Why: `refund`.")
    key = models.CharField(max_length=191, help_text="Of a request: the same key moves nothing twice.")
    state = models.CharField(max_length=8, choices=TransferState)
    posted_amount = models.DecimalField(
        max_digits=20, decimal_places=4, default=Decimal(0), help_text="All of `amount`, or a part of it."
    )
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, help_text="When it was posted or voided.")

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "key"], name="one_transfer_a_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="transfer_between_two_accounts"
            ),
            models.CheckConstraint(
                condition=Q(state=TransferState.POSTED, posted_amount__gt=0, posted_amount__lte=F("amount"))
                | Q(state__in=[TransferState.PENDING, TransferState.VOIDED], posted_amount=0),
                name="posted_amount_fits_state",
            ),
        ]
        indexes = [
            due_index("transfers_due"),
            models.Index(fields=["merchant", "debit_account", "id"], name="transfers_from"),
            models.Index(fields=["merchant", "credit_account", "id"], name="transfers_to"),
        ]
