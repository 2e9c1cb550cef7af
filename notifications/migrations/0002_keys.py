from django.db import migrations

from merchants.fields import merchant_primary_key, merchant_reference


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("orders", "0002_keys")]

    operations = [
        merchant_primary_key("notifications_message"),
        merchant_primary_key("notifications_messagetemplate"),
        merchant_reference("notifications_message", "order_id", "orders_order"),
    ]
