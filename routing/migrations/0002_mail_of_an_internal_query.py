from django.db import migrations, models


class Migration(migrations.Migration):
    """One more kind of mail; nothing changes in the database."""

    dependencies = [
        ('routing', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='outgoingmail',
            name='kind',
            field=models.CharField(choices=[('mailbox', "confirm the department's mailbox"), ('notification', 'new question'), ('reminder', 'reminder'), ('escalation', 'escalation'), ('reopened', 'citizen replied'), ('rejected', 'answer not released'), ('asked', 'internal query'), ('confirmation', "confirm the citizen's address"), ('acknowledgement', 'acknowledgement'), ('answer', 'answer'), ('withdrawn', 'withdrawal confirmed')], max_length=16),
        ),
    ]
