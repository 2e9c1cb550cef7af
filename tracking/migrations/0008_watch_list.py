import django.db.models.deletion
import merchants.fields
import merchants.ids
from django.db import migrations, models

from merchants.fields import merchant_primary_key, merchant_reference


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0007_audit_of_subject'),
        ('orders', '0010_customers_newest'),
        ('tracking', '0007_carrier_details'),
    ]

    operations = [
        migrations.CreateModel(
            name='PaceClock',
            fields=[
                ('id', models.UUIDField(default=merchants.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('learnt_at', models.DateTimeField(null=True)),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.merchant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='pace_clocks_due')],
            },
        ),
        migrations.CreateModel(
            name='ScanPace',
            fields=[
                ('id', models.UUIDField(default=merchants.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('carrier', models.CharField(max_length=40)),
                ('lane', models.CharField(max_length=7)),
                ('gaps', models.IntegerField(help_text='Between two scans of a parcel on its way.')),
                ('gap_hours', models.FloatField(help_text='Nineteen of twenty were shorter.', null=True)),
                ('firsts', models.IntegerField(help_text='Between hand-over and first scan.')),
                ('first_hours', models.FloatField(help_text='Nineteen of twenty were shorter.', null=True)),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.merchant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('merchant', 'carrier', 'lane'), name='one_pace_a_lane')],
            },
        ),
        migrations.CreateModel(
            name='WatchClock',
            fields=[
                ('id', models.UUIDField(default=merchants.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('is_order', models.BooleanField()),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.merchant')),
                ('order', merchants.fields.MerchantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.order')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='watch_clocks_due'), models.Index(fields=['merchant', 'order'], name='watch_clocks_of_order')],
            },
        ),
        migrations.CreateModel(
            name='WatchItem',
            fields=[
                ('id', models.UUIDField(default=merchants.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(choices=[('not_shipped', 'Not Shipped'), ('no_scan', 'No Scan'), ('stalled', 'Stalled'), ('failed_attempt', 'Failed Attempt'), ('address', 'Address'), ('customs', 'Customs'), ('payment', 'Payment'), ('pickup', 'Pickup'), ('late', 'Late'), ('returning', 'Returning'), ('lost', 'Lost'), ('problem', 'Problem'), ('invalid_number', 'Invalid Number'), ('reported', 'Reported')], max_length=16)),
                ('detail', models.CharField(blank=True, help_text='The sub-status behind it, where one is.', max_length=40)),
                ('state', models.CharField(choices=[('open', 'Open'), ('dismissed', 'Dismissed'), ('closed', 'Closed')], default='open', max_length=9)),
                ('since', models.DateTimeField(help_text="When it began: the last scan, the promise, the carrier's word.")),
                ('opened_at', models.DateTimeField()),
                ('value', models.DecimalField(decimal_places=4, help_text='Of the lines in the parcel.', max_digits=14)),
                ('currency', models.CharField(max_length=3)),
                ('assignee_id', models.IntegerField(help_text='The user; a reference would lead past the merchant.', null=True)),
                ('assignee', models.CharField(blank=True, help_text='Their address, as it was then.', max_length=254)),
                ('snoozed_until', models.DateTimeField(null=True)),
                ('note', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(help_text='When the suggested message was sent.', null=True)),
                ('dismissed_at', models.DateTimeField(null=True)),
                ('dismissal', models.CharField(blank=True, choices=[('solved', 'Solved'), ('no_problem', 'No Problem'), ('replaced', 'Replaced'), ('refunded', 'Refunded'), ('written_off', 'Written Off')], max_length=12)),
                ('closed_at', models.DateTimeField(null=True)),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.merchant')),
                ('order', merchants.fields.MerchantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='watch_items', to='orders.order')),
                ('shipment', merchants.fields.MerchantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='watch_items', to='tracking.shipment')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['merchant', 'state', '-opened_at', '-id'], name='watch_items_newest'), models.Index(condition=models.Q(('state', 'open')), fields=['merchant', 'reason', '-opened_at', '-id'], name='watch_items_by_reason'), models.Index(fields=['merchant', 'order'], name='watch_items_of_order'), models.Index(fields=['merchant', 'shipment'], name='watch_items_of_shipment')],
                'constraints': [models.UniqueConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), ('shipment__isnull', False)), fields=('merchant', 'shipment', 'reason'), name='one_watch_item_a_parcel'), models.UniqueConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), ('shipment__isnull', True)), fields=('merchant', 'order', 'reason'), name='one_watch_item_an_order'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state', 'closed')), models.Q(('closed_at', None), models.Q(('state', 'closed'), _negated=True)), _connector='OR'), name='watch_item_closed_with_its_time')],
            },
        ),
        merchant_primary_key("tracking_watchitem"),
        merchant_primary_key("tracking_watchclock"),
        merchant_primary_key("tracking_scanpace"),
        merchant_primary_key("tracking_paceclock"),
        merchant_reference("tracking_watchitem", "order_id", "orders_order"),
        merchant_reference("tracking_watchitem", "shipment_id", "tracking_shipment"),
        merchant_reference("tracking_watchclock", "order_id", "orders_order"),
    ]
