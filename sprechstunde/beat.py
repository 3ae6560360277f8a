"""The Celery application of beat: it rings by name, without Django's apps and their memory."""

import logging.config
import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprechstunde.settings")

from django.conf import settings

from sprechstunde.schedule import BEAT_SCHEDULE

app = Celery("sprechstunde", fixups=[])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT_SCHEDULE
logging.config.dictConfig(settings.LOGGING)
