"""Send what waits in the outbox of e-mails, and forget what is over."""

from django.utils import timezone

from routing.services.mail_out import sending
from sprechstunde.celery import app


@app.task(name="routing.send_mail")
def send_mail(mail_id: int) -> None:
    """Send a mail that was just posted."""
    sending.send(mail_id)


@app.task(name="routing.send_due_mail")
def send_due_mail() -> None:
    """Find what waits although nobody rang."""
    sending.send_due(timezone.now())


@app.task(name="routing.tidy_mail")
def tidy_mail() -> None:
    """Forget old rows; those of tickets go with their tickets."""
    sending.forget_old(timezone.now())
