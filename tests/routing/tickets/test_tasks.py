"""Every tick of beat rings for a task that there is."""

from sprechstunde.celery import app
from sprechstunde.schedule import BEAT_SCHEDULE


def test_every_tick_has_its_task() -> None:
    app.loader.import_default_modules()
    rung = {tick["task"] for tick in BEAT_SCHEDULE.values()}

    assert rung - set(app.tasks) == set()
