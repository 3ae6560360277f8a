"""The rows: fields, constraints and predicates that read their own row."""

from routing.models.correspondence import Correspondence
from routing.models.department import Choice, Department, Member, Snippet
from routing.models.erasure import TicketErasure
from routing.models.mail import IncomingMail, MailboxPlace, OutgoingMail
from routing.models.question import Consent, Note, Question, QuestionFile
from routing.models.reference import ReferenceCounter
from routing.models.ticket import Answer, AnswerFile, Reply, Ticket, TicketEvent

__all__ = [
    "Answer",
    "AnswerFile",
    "Choice",
    "Consent",
    "Correspondence",
    "Department",
    "IncomingMail",
    "MailboxPlace",
    "Member",
    "Note",
    "OutgoingMail",
    "Question",
    "QuestionFile",
    "ReferenceCounter",
    "Reply",
    "Snippet",
    "Ticket",
    "TicketErasure",
    "TicketEvent",
]
