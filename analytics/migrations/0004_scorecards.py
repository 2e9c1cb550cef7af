import django.db.models.deletion
import merchants.fields
import merchants.ids
from django.db import migrations, models

from merchants.fields import merchant_primary_key, merchant_reference


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0003_message_days'),
        ('merchants', '0008_self_service'),
        ('tracking', '0009_scan_rates'),
    ]

    operations = [
        migrations.CreateModel(
            name='CarrierParcel',
            fields=[
                ('id', models.UUIDField(default=merchants.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField(help_text="On which it ended, by the merchant's clock.")),
                ('carrier', models.CharField(blank=True, max_length=40)),
                ('service', models.CharField(blank=True, max_length=60)),
                ('country', models.CharField(blank=True, help_text='Of the destination.', max_length=2)),
                ('tallies', models.JSONField(help_text='[[measure, bin, number], …]')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.merchant')),
                ('shipment', merchants.fields.MerchantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tracking.shipment')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('merchant', 'shipment'), name='one_card_a_parcel')],
            },
        ),
        migrations.CreateModel(
            name='CarrierTally',
            fields=[
                ('id', models.UUIDField(default=merchants.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('carrier', models.CharField(blank=True, max_length=40)),
                ('service', models.CharField(blank=True, max_length=60)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('measure', models.CharField(choices=[('ended', 'Ended'), ('delivered', 'Delivered'), ('promised', 'Promised'), ('promise_kept', 'Promise Kept'), ('dated', 'Dated'), ('date_kept', 'Date Kept'), ('attempted', 'Attempted'), ('first_attempt', 'First Attempt'), ('excepted', 'Excepted'), ('lost', 'Lost'), ('returned', 'Returned'), ('transit', 'Transit'), ('workdays', 'Workdays'), ('latency', 'Latency')], max_length=14)),
                ('bin', models.SmallIntegerField()),
                ('number', models.IntegerField()),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.merchant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('merchant', 'day', 'carrier', 'service', 'country', 'measure', 'bin'), name='one_tally_a_day'), models.CheckConstraint(condition=models.Q(('number__gte', 0)), name='tally_not_negative')],
            },
        ),
        merchant_primary_key("analytics_carrierparcel"),
        merchant_primary_key("analytics_carriertally"),
        merchant_reference("analytics_carrierparcel", "shipment_id", "tracking_shipment"),
    ]
