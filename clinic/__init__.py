from clinic.celery import app as celery_app

__all__ = ["celery_app"]  # every process that imports us rings through our broker
