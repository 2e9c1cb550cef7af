from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0005_lists")]

    operations = [
        # The new one first: parcels are never without an index by carrier.
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(
                fields=["merchant", "carrier", "-created_at", "-id"],
                include=("order",),
                name="shipments_of_carrier",
            ),
        ),
        migrations.RemoveIndex(model_name="shipment", name="shipments_by_carrier"),
    ]
