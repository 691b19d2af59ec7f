from typing import Any, ClassVar

from django.db import models


class Row(models.Model):
    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True


class Patient(Row):
    name = models.CharField(max_length=80, db_index=True)
    code = models.CharField(max_length=20, unique=True)
    born_on = models.DateField()
    phone = models.CharField(max_length=20)
    email = models.EmailField()
    sex = models.CharField(max_length=10)

    def __str__(self) -> str:
        return self.name


class Course(Row):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="courses")
    phase = models.CharField(max_length=20)
    started_on = models.DateField()

    def __str__(self) -> str:
        return self.phase


class Vitals(Row):
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


class Audit(Row):
    at = models.DateTimeField(auto_now_add=True)
    event = models.CharField(max_length=40)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.event


class Reminder(Row):
    address = models.EmailField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="due", condition=models.Q(sent_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.address
