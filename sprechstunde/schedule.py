"""What beat rings for: short ticks that find due work in the database."""

from typing import TypedDict


class Tick(TypedDict):
    """One entry of Celery's beat schedule; `schedule` is in seconds."""

    task: str
    schedule: float
    options: dict[str, float]


def _tick(task: str, seconds: float) -> Tick:
    # expires: after a pause of the worker one tick is enough, not a hundred
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 5.0)}}


BEAT_SCHEDULE = {
    "deliver-due": _tick("sessions_app.deliver_due", 2.0),
    "fetch-due-attachments": _tick("sessions_app.fetch_due_attachments", 5.0),
    "close-and-erase-due": _tick("sessions_app.erase_due", 2.0),
    "erase-due-tickets": _tick("routing.erase_due_tickets", 10.0),
    "remind-and-escalate": _tick("routing.remind_and_escalate", 60.0),
    "settle-answers": _tick("routing.settle_answers", 30.0),
    "settle-dialogues": _tick("routing.settle_dialogues", 5.0),
    "send-due-mail": _tick("routing.send_due_mail", 5.0),
    "tidy-mail": _tick("routing.tidy_mail", 3600.0),
    "heartbeat": _tick("sessions_app.heartbeat", 10.0),
    "fetch-mail": _tick("routing.fetch_mail", 5.0),
    "forget-old-mail": _tick("routing.forget_old_mail", 3600.0),
}
