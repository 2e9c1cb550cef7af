import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import merchants.ids
import merchants.models
from django.db import migrations, models

# A host that a merchant had already goes on showing its portal.
KEEP_DOMAINS = """
INSERT INTO merchants_portaldomain (id, merchant_id, host, token, created_at, verified_at, problem, seen)
SELECT gen_random_uuid(), merchant_id, host, encode(sha256(gen_random_uuid()::text::bytea), 'hex')::varchar(32),
       now(), now(), '', ''
FROM merchants_oldportaldomain
"""


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0004_two_factor_required'),
    ]

    operations = [
        migrations.AddField(
            model_name='merchant',
            name='default_carrier',
            field=models.CharField(blank=True, help_text='Of parcels that name none.', max_length=40),
        ),
        migrations.AddField(
            model_name='merchant',
            name='keeps_holidays',
            field=models.BooleanField(default=False, help_text='Nothing is packed or delivered on them.'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='languages',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), blank=True, default=list, help_text='That shoppers may read; empty: all.', size=None),
        ),
        migrations.AddField(
            model_name='merchant',
            name='logo_hash',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(django.db.models.functions.text.Left(models.Func(models.Func(models.F('logo'), function='sha256'), models.Value('hex'), function='encode'), 16), models.Value('')), output_field=models.CharField(max_length=16)),
        ),
        migrations.AddField(
            model_name='merchant',
            name='order_cutoff',
            field=models.TimeField(blank=True, help_text='Orders after it are packed a day later.', null=True),
        ),
        migrations.AddField(
            model_name='merchant',
            name='reply_to',
            field=models.EmailField(blank=True, help_text='Empty: the support address.', max_length=254),
        ),
        migrations.AddField(
            model_name='merchant',
            name='sender_name',
            field=models.CharField(blank=True, help_text="Empty: the shop's name.", max_length=120),
        ),
        migrations.AddField(
            model_name='merchant',
            name='setup_hidden_at',
            field=models.DateTimeField(blank=True, help_text='When the check list was put away.', null=True),
        ),
        migrations.AddField(
            model_name='merchant',
            name='transit_zones',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=900), blank=True, default=list, help_text='Others for some countries: `AT,CH=2-4`.', size=None),
        ),
        migrations.AddField(
            model_name='merchant',
            name='working_days',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=merchants.models.monday_to_friday, help_text='0 is Monday: when parcels are packed.', size=None),
        ),
        migrations.RenameModel('PortalDomain', 'OldPortalDomain'),
        migrations.AlterField(
            model_name='oldportaldomain',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.merchant'),
        ),
        migrations.CreateModel(
            name='PortalDomain',
            fields=[
                ('id', models.UUIDField(default=merchants.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('host', models.CharField(max_length=253)),
                ('token', models.CharField(help_text='What the TXT record has to say.', max_length=40)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, help_text='Why the last look was not good.', max_length=40)),
                ('seen', models.CharField(blank=True, help_text='What DNS said instead.', max_length=300)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='domains', to='merchants.merchant')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('merchant', 'host'), name='one_claim_a_host'),
                    models.UniqueConstraint(condition=models.Q(('verified_at__isnull', False)), fields=('host',), name='one_owner_a_host'),
                ],
            },
        ),
        migrations.RunSQL(KEEP_DOMAINS, migrations.RunSQL.noop),
        migrations.DeleteModel('OldPortalDomain'),
    ]
