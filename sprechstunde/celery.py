"""The Celery application: workers deliver, fetch and erase; beat only ticks."""

import os

from celery import Celery, Task
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprechstunde.settings")

app = Celery("sprechstunde")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule_filename = None
app.autodiscover_tasks()

from sprechstunde.schedule import BEAT_SCHEDULE  # noqa: E402

app.conf.beat_schedule = BEAT_SCHEDULE


@task_prerun.connect
def _drop_dead_connections(task: "Task[..., object]", **_: object) -> None:
    """Do for a task what Django does for a request: a server that restarted costs no task."""
    if not task.request.is_eager:
        close_old_connections()
