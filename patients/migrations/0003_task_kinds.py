from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_consent_and_error_have_authors")]

    operations = [
        migrations.AlterField(
            model_name="task",
            name="kind",
            field=models.CharField(
                choices=[
                    ("outside_gate", "Recorded outside the gate"),
                    ("unplaced_sessions", "Sessions without a date"),
                    ("no_answer", "No answer to the follow-up"),
                    ("message_failed", "Message failed"),
                    ("signature", "Session waits for signature"),
                    ("no_show", "Patient did not come"),
                    ("call", "Call the patient"),
                ],
                max_length=30,
            ),
        ),
    ]
