from django.db import migrations

from merchants.fields import merchant_primary_key, merchant_reference


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]

    operations = [
        merchant_primary_key("webhooks_endpoint"),
        merchant_primary_key("webhooks_delivery"),
        merchant_primary_key("webhooks_deliveryattempt"),
        merchant_reference("webhooks_delivery", "endpoint_id", "webhooks_endpoint"),
        merchant_reference("webhooks_deliveryattempt", "delivery_id", "webhooks_delivery"),
    ]
