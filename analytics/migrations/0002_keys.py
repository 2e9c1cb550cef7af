from django.db import migrations

from merchants.fields import merchant_primary_key, merchant_reference


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial"), ("tracking", "0003_carrier_gates")]

    operations = [
        merchant_primary_key("analytics_daycount"),
        merchant_primary_key("analytics_deliveryday"),
        merchant_primary_key("analytics_parceloutcome"),
        merchant_reference("analytics_parceloutcome", "shipment_id", "tracking_shipment"),
    ]
