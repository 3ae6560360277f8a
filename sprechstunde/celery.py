"""The Celery application: workers deliver, fetch and erase; beat only ticks."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprechstunde.settings")

app = Celery("sprechstunde")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule_filename = None
app.autodiscover_tasks()

from sprechstunde.schedule import BEAT_SCHEDULE  # noqa: E402

app.conf.beat_schedule = BEAT_SCHEDULE
