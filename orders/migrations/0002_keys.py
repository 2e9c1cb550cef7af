from django.db import migrations

from merchants.fields import merchant_primary_key, merchant_reference


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        merchant_primary_key("orders_customer"),
        merchant_primary_key("orders_order"),
        merchant_primary_key("orders_orderline"),
        merchant_primary_key("orders_inboxitem"),
        merchant_primary_key("orders_shopconnection"),
        merchant_reference("orders_order", "customer_id", "orders_customer", on_delete="SET NULL"),
        merchant_reference("orders_orderline", "order_id", "orders_order"),
    ]
