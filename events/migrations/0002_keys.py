from django.db import migrations

from merchants.fields import merchant_primary_key


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [
        merchant_primary_key("events_fact", "position"),
        merchant_primary_key("events_parkedfact"),
        # Places in line. Given under a lock per shard, after commit (events/log.py).
        migrations.RunSQL("CREATE SEQUENCE events_position", "DROP SEQUENCE events_position"),
        # The log is only appended to and read in order: fill its pages, and vacuum by inserts.
        migrations.RunSQL(
            "ALTER TABLE events_incoming SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)",
            migrations.RunSQL.noop,
        ),
    ]
