from django.db import migrations

from merchants.fields import merchant_primary_key, merchant_reference


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial"), ("orders", "0002_keys")]

    operations = [
        merchant_primary_key("tracking_shipment"),
        merchant_primary_key("tracking_shipmentline"),
        merchant_primary_key("tracking_scan"),
        merchant_primary_key("tracking_carrieraccount"),
        merchant_reference("tracking_shipment", "order_id", "orders_order"),
        merchant_reference("tracking_shipmentline", "shipment_id", "tracking_shipment"),
        merchant_reference("tracking_shipmentline", "line_id", "orders_orderline"),
        merchant_reference("tracking_scan", "shipment_id", "tracking_shipment"),
    ]
