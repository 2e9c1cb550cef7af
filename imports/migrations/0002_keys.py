from django.db import migrations

from merchants.fields import merchant_primary_key, merchant_reference


class Migration(migrations.Migration):
    dependencies = [("imports", "0001_initial")]

    operations = [
        merchant_primary_key("imports_import"),
        merchant_primary_key("imports_refusedline"),
        merchant_primary_key("imports_columnmapping"),
        merchant_reference("imports_refusedline", "source_id", "imports_import"),
    ]
