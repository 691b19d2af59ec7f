import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0001_initial'),
        ('treatment_sessions', '0004_predose_by_protocol'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='doseorder',
            name='actual_kg',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, verbose_name='weighed (kg)'),
        ),
        migrations.AddField(
            model_name='doseorder',
            name='weight_basis',
            field=models.CharField(blank=True, choices=[('actual', 'Actual weight'), ('ideal', 'Ideal weight (Devine)'), ('adjusted', 'Adjusted weight'), ('other', 'Another weight')], help_text='Which weight the dose is for; empty in orders from before it was asked.', max_length=10),
        ),
        migrations.CreateModel(
            name='DoseWaste',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('route', models.CharField(choices=[('nasal', 'Nasal spray'), ('iv', 'Intravenous infusion')], max_length=10)),
                ('lot', models.CharField(max_length=40)),
                ('vials', models.PositiveSmallIntegerField(help_text='Opened vials, or devices.')),
                ('vial_mg', models.DecimalField(decimal_places=2, help_text='In each of them.', max_digits=7)),
                ('given_mg', models.DecimalField(decimal_places=2, help_text='As recorded then.', max_digits=7)),
                ('wasted_mg', models.DecimalField(decimal_places=2, max_digits=7)),
                ('method', models.CharField(choices=[('destroyed', 'Destroying kit or binder'), ('bin', 'Locked medicine waste bin'), ('pharmacy', 'Handed to the pharmacy'), ('other', 'Other, as in the note')], max_length=12)),
                ('note', models.CharField(blank=True, max_length=240)),
                ('wasted_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('reason', models.CharField(blank=True, max_length=240)),
                ('entered_in_error', models.BooleanField(default=False)),
                ('dose', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='wastes', to='treatment_sessions.dose')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('supersedes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='treatment_sessions.dosewaste')),
                ('treatment_session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dose_wastes', to='treatment_sessions.treatmentsession')),
                ('witness', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['wasted_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='DosingPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weight_days', models.PositiveSmallIntegerField(default=30, help_text='How old the weight on the chart may be that an infusion is ordered for.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(366)], verbose_name='weight holds for days')),
                ('usual_low_mg_per_kg', models.DecimalField(decimal_places=3, default=Decimal('0.1'), help_text='A dose outside the usual range needs a reason and a second check.', max_digits=5, validators=[django.core.validators.MinValueValidator(Decimal('0.001'))], verbose_name='usual dose from, mg/kg')),
                ('usual_high_mg_per_kg', models.DecimalField(decimal_places=3, default=Decimal('0.75'), max_digits=5, validators=[django.core.validators.MinValueValidator(Decimal('0.001')), django.core.validators.MaxValueValidator(Decimal('2'))], verbose_name='usual dose to, mg/kg')),
                ('usual_low_minutes', models.PositiveSmallIntegerField(default=2, validators=[django.core.validators.MinValueValidator(1)], verbose_name='usual time from, minutes')),
                ('usual_high_minutes', models.PositiveSmallIntegerField(default=100, validators=[django.core.validators.MaxValueValidator(480)], verbose_name='usual time to, minutes')),
                ('highest_mg', models.DecimalField(blank=True, decimal_places=1, help_text='Nothing above it is ordered or started. Empty: no cap.', max_digits=6, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='highest dose of one infusion, mg')),
                ('obesity_bmi', models.DecimalField(decimal_places=1, default=Decimal('30'), max_digits=4, validators=[django.core.validators.MinValueValidator(20), django.core.validators.MaxValueValidator(60)], verbose_name='point to the weights from BMI')),
                ('check_infusions', models.BooleanField(default=True, help_text='Beyond the usual range it is needed in any case.', verbose_name='second check before an infusion')),
                ('check_devices', models.BooleanField(default=False, verbose_name='second check before nasal devices')),
                ('check_minutes', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(240)], verbose_name='a second check holds for minutes')),
                ('witness_waste', models.BooleanField(default=True, verbose_name='waste of an infusion needs a witness')),
                ('witness_devices', models.BooleanField(default=False, verbose_name='disposal of a faulty or partly used device needs a witness')),
                ('waste_tolerance_mg', models.DecimalField(decimal_places=1, default=Decimal('0.5'), max_digits=4, validators=[django.core.validators.MinValueValidator(0)], verbose_name='unexplained difference that asks nobody, mg')),
                ('clinic', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinic.clinic')),
            ],
            options={
                'verbose_name': 'dosing settings',
                'verbose_name_plural': 'dosing settings',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DoseCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('drug', models.CharField(choices=[('esketamine', 'Esketamine'), ('ketamine', 'Ketamine')], max_length=20)),
                ('route', models.CharField(choices=[('nasal', 'Nasal spray'), ('iv', 'Intravenous infusion')], max_length=10)),
                ('dose_mg', models.DecimalField(decimal_places=2, max_digits=7)),
                ('concentration_mg_ml', models.DecimalField(blank=True, decimal_places=3, max_digits=7, null=True)),
                ('volume_ml', models.DecimalField(blank=True, decimal_places=2, max_digits=7, null=True)),
                ('rate_ml_h', models.DecimalField(blank=True, decimal_places=2, max_digits=7, null=True)),
                ('devices', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('typed_volume_ml', models.DecimalField(blank=True, decimal_places=2, max_digits=7, null=True)),
                ('typed_rate_ml_h', models.DecimalField(blank=True, decimal_places=2, max_digits=7, null=True)),
                ('typed_devices', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('agrees', models.BooleanField()),
                ('differences', models.JSONField(blank=True, default=list)),
                ('cautions', models.JSONField(blank=True, default=list, help_text='What was beyond the usual range, as it was shown.')),
                ('checked_at', models.DateTimeField()),
                ('checked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='treatment_sessions.doseorder')),
                ('prepared_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('treatment_session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dose_checks', to='treatment_sessions.treatmentsession')),
            ],
            options={
                'ordering': ['checked_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('checked_by', models.F('prepared_by')), _negated=True), name='a_check_has_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('agrees', True), ('differences', [])), models.Q(('agrees', False), models.Q(('differences', []), _negated=True)), _connector='OR'), name='a_refused_check_says_the_difference'), models.CheckConstraint(condition=models.Q(models.Q(('concentration_mg_ml__gt', 0), ('rate_ml_h__isnull', False), ('route', 'iv'), ('volume_ml__isnull', False)), models.Q(('devices__isnull', False), ('route', 'nasal')), _connector='OR'), name='a_check_has_its_numbers')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dosecheck',
            trigger=pgtrigger.compiler.Trigger(name='audited', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE subject RECORD;', func="\n            IF TG_OP = 'UPDATE' THEN\n                IF NOT (TRUE) THEN RETURN NULL; END IF;\n            END IF;\n            IF TG_OP = 'DELETE' THEN subject := OLD; ELSE subject := NEW; END IF;\n            PERFORM clinic_audit_row(\n                TG_TABLE_NAME::text, TG_OP, subject.id::text, (SELECT clinic_id FROM treatment_sessions_treatmentsession WHERE id = subject.treatment_session_id), (SELECT patient_id FROM treatment_sessions_treatmentsession WHERE id = subject.treatment_session_id),\n                CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - ARRAY[]::text[] END,\n                CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - ARRAY[]::text[] END\n            );\n            RETURN NULL;\n        ", hash='51886d5379c4cfb1299fc4d53d1ef57fa1f2f352', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audited_908a7', table='treatment_sessions_dosecheck', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dosecheck',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='4ec1b882ab32118fc0c634cccc053f6b92e4e86a', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ab5ce', table='treatment_sessions_dosecheck', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='dosewaste',
            constraint=models.CheckConstraint(condition=models.Q(('given_mg__gte', 0), ('vial_mg__gt', 0), ('vials__gte', 1), ('wasted_mg__gte', 0)), name='waste_is_counted'),
        ),
        migrations.AddConstraint(
            model_name='dosewaste',
            constraint=models.CheckConstraint(condition=models.Q(('witness__isnull', True), models.Q(('witness', models.F('recorded_by')), _negated=True), _connector='OR'), name='a_witness_is_somebody_else'),
        ),
        migrations.AddConstraint(
            model_name='dosewaste',
            constraint=models.CheckConstraint(condition=models.Q(('supersedes__isnull', True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_corrected_waste_says_why'),
        ),
        migrations.AddConstraint(
            model_name='dosewaste',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('method', 'other'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='another_method_is_named'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dosewaste',
            trigger=pgtrigger.compiler.Trigger(name='audited', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE subject RECORD;', func="\n            IF TG_OP = 'UPDATE' THEN\n                IF NOT (TRUE) THEN RETURN NULL; END IF;\n            END IF;\n            IF TG_OP = 'DELETE' THEN subject := OLD; ELSE subject := NEW; END IF;\n            PERFORM clinic_audit_row(\n                TG_TABLE_NAME::text, TG_OP, subject.id::text, (SELECT clinic_id FROM treatment_sessions_treatmentsession WHERE id = subject.treatment_session_id), (SELECT patient_id FROM treatment_sessions_treatmentsession WHERE id = subject.treatment_session_id),\n                CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - ARRAY[]::text[] END,\n                CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - ARRAY[]::text[] END\n            );\n            RETURN NULL;\n        ", hash='149c5f2f5952279b2c1f5ada9f72e71c6891a684', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audited_34bcd', table='treatment_sessions_dosewaste', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dosewaste',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fc3e0dd53b6dc9f320100640d5b21b070b0cceb0', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_e4245', table='treatment_sessions_dosewaste', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='dosingpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('usual_low_mg_per_kg__lte', models.F('usual_high_mg_per_kg')), ('usual_low_minutes__lte', models.F('usual_high_minutes'))), name='usual_range_begins_before_it_ends', violation_error_message='A range begins with its lower number.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dosingpolicy',
            trigger=pgtrigger.compiler.Trigger(name='audited', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE subject RECORD;', func="\n            IF TG_OP = 'UPDATE' THEN\n                IF NOT (TRUE) THEN RETURN NULL; END IF;\n            END IF;\n            IF TG_OP = 'DELETE' THEN subject := OLD; ELSE subject := NEW; END IF;\n            PERFORM clinic_audit_row(\n                TG_TABLE_NAME::text, TG_OP, subject.id::text, subject.clinic_id, NULL::bigint,\n                CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - ARRAY[]::text[] END,\n                CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - ARRAY[]::text[] END\n            );\n            RETURN NULL;\n        ", hash='d467bc0bebaf203c4c7ec0b463bb4f7d1000fbee', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audited_ab640', table='treatment_sessions_dosingpolicy', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dosingpolicy',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='4b0422a6b9d7886bd1f7c4499b7e8d40016f919e', operation='DELETE', pgid='pgtrigger_kept_cb4c7', table='treatment_sessions_dosingpolicy', when='BEFORE')),
        ),
    ]
