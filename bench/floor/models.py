from django.db import models


class Patient(models.Model):
    name = models.CharField(max_length=80, db_index=True)
    code = models.CharField(max_length=20, unique=True)
    born_on = models.DateField()
    phone = models.CharField(max_length=20)
    email = models.EmailField()
    registered_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Course(models.Model):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="courses")
    phase = models.CharField(max_length=20)
    started_on = models.DateField()

    def __str__(self) -> str:
        return self.phase


class Vitals(models.Model):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="vitals")
    at = models.DateTimeField(auto_now_add=True)
    systolic = models.PositiveSmallIntegerField()
    diastolic = models.PositiveSmallIntegerField()
    pulse = models.PositiveSmallIntegerField()
    spo2 = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "-at"])]

    def __str__(self) -> str:
        return f"{self.systolic}/{self.diastolic}"


class Audit(models.Model):
    at = models.DateTimeField(auto_now_add=True)
    event = models.CharField(max_length=40)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.event


class Reminder(models.Model):
    address = models.EmailField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="due", condition=models.Q(sent_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.address
