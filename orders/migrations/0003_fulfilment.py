import django.db.models.deletion
from django.db import migrations, models

import merchants.fields
import merchants.ids


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_keys")]

    operations = [
        migrations.CreateModel(
            name="Fulfilment",
            fields=[
                ("id", models.UUIDField(default=merchants.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("external_id", models.CharField(max_length=191)),
                ("source_updated_at", models.DateTimeField(help_text="The shop's clock: older news is ignored.", null=True)),
                ("digest", models.BinaryField(help_text="Hash of what was last recorded about it.", max_length=32)),
                ("parcels", models.PositiveSmallIntegerField(help_text="How many parcels it was reported with.")),
                ("raw", models.JSONField(default=dict, help_text="As the shop sent it.")),
                ("merchant", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="merchants.merchant")),
                ("order", merchants.fields.MerchantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="fulfilments", to="orders.order")),
            ],
            options={"abstract": False, "base_manager_name": "objects", "default_manager_name": "objects"},
        ),
        migrations.AddConstraint(
            model_name="fulfilment",
            constraint=models.UniqueConstraint(fields=("merchant", "order", "external_id"), name="one_fulfilment_an_external_id"),
        ),
        migrations.AlterField(
            model_name="inboxitem",
            name="error",
            field=models.TextField(blank=True, help_text="Why it failed or waits; on a done one: what was special."),
        ),
        merchants.fields.merchant_primary_key("orders_fulfilment"),
        merchants.fields.merchant_reference("orders_fulfilment", "order_id", "orders_order"),
    ]
