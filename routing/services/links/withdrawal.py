"""The link in every e-mail to a citizen: take the question back, or refuse the e-mails."""

from datetime import datetime

from routing.mail import tokens
from routing.mail.tokens import BadToken, Use
from routing.models import Question
from routing.services.links import confirmation
from routing.services.work import tickets
from routing.services.work.actors import CITIZEN

WORDING = "mail-1"  # version of templates/routing/citizen/withdraw


def token(question: Question, *, now: datetime) -> str:
    """Return what the link carries; worth nothing to an address that was given up meanwhile."""
    return tokens.make(Use.WITHDRAW, question.uid, now=now, bound_to=question.address or "")


def find(token: str) -> Question | None:
    """Return the question that this token would take back, as long as there is one."""
    try:
        living = Question.objects.select_related("office").filter(withdrawn_at=None)
        question = living.filter(uid=tokens.uid_in(token)).first()
        if question is None or not question.address:
            return None
        tokens.made_at(Use.WITHDRAW, token, bound_to=question.address)
    except BadToken:
        return None
    return question


def withdraw(question: Question, *, now: datetime) -> None:
    """Do what the link promised.

    An address that nobody confirmed may be a stranger's, who must not take back somebody's
    question: then only the address goes.
    """
    if question.address_confirmed_at is None:
        confirmation.decline(question, now=now)
    else:
        tickets.withdraw(question, by=CITIZEN, wording=WORDING)
