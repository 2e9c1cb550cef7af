from django.db import migrations

from merchants.fields import merchant_primary_key


class Migration(migrations.Migration):
    dependencies = [("merchants", "0001_initial")]

    operations = [
        merchant_primary_key("merchants_idempotencykey"),
        # Counters of throttles: after a crash they begin at zero again, and cost nothing until then.
        migrations.RunSQL("ALTER TABLE merchants_attempt SET UNLOGGED", "ALTER TABLE merchants_attempt SET LOGGED"),
    ]
