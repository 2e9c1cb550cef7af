"""Whose consumers may withdraw from their contract on the portal. The new column is filled without rewriting."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("merchants", "0010_delivery_times")]

    operations = [
        migrations.AddField(
            model_name="merchant",
            name="withdrawal_for",
            field=models.CharField(
                max_length=3,
                choices=[("eu", "Eu"), ("all", "All"), ("off", "Off")],
                default="eu",
                db_default="eu",
                help_text="Consumers of which countries withdraw on the portal.",
            ),
        ),
        migrations.AlterField(
            model_name="merchant",
            name="withdraw_url",
            field=models.URLField(
                blank=True,
                help_text="The shop's own page for withdrawal from contract; linked while ours is off.",
            ),
        ),
    ]
