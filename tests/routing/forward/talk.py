"""A citizen at the phone, as the dialogue knows one: writes, presses, edits, and sees what was asked."""

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from routing.enums import ConsentState, Unanswered
from routing.models import Question, Ticket
from routing.services.forward import dialogue, forwarding
from sessions_app.enums import Direction, MessageKind, Notice
from sessions_app.models import Conversation, Message, Staff
from tests import factories
from tests.routing import factories as routing

_seconds = itertools.count(1)


@dataclass
class Citizen:
    """One conversation with a question about it; what is written is heard unless told otherwise."""

    conversation: Conversation
    mayor: Staff
    questions: list[Question] = field(default_factory=list)

    @property
    def question(self) -> Question:
        """The first question as it is now."""
        return Question.objects.get(pk=self.questions[0].pk)

    @property
    def consent(self) -> ConsentState:
        return ConsentState(self.question.consent)

    def is_asked(self, text: str = "Wann wird die Laterne repariert?", **options: Any) -> Question:
        """Forward a question as the mayor does."""
        lead = options.pop("lead", None) or routing.department(self.mayor.office)
        fields = forwarding.Fields(text=text, lead=lead, **options)
        question = forwarding.forward(self.conversation, fields, by=self.mayor)
        self.questions.append(question)
        return question

    def writes(self, text: str, *, heard: bool = True, **fields: Any) -> Message:
        return self._said(MessageKind.TEXT, {"text": text}, heard=heard, **fields)

    def presses(self, button_id: str, *, heard: bool = True) -> Message:
        content = {"id": button_id, "title": "", "description": ""}
        return self._said(MessageKind.CHOICE, content, heard=heard)

    def edits(self, message: Message, text: str | None) -> Message:
        digest = message.wamid_digest
        return self._said(MessageKind.EDIT, {"text": text}, heard=True, quoted_digest=digest)

    def button(self, title: str) -> str:
        """The id of the newest button with this title."""
        for message in reversed(self.prompts()):
            for key, shown in (message.content or {}).get("buttons", []):
                if shown == title:
                    return str(key)
        raise AssertionError(f"no button {title!r}")

    def buttons(self) -> list[str]:
        """All buttons that were ever shown, the oldest first."""
        shown = [(message.content or {}).get("buttons", []) for message in self.prompts()]
        return [str(key) for each in shown for key, _title in each]

    def prompts(self) -> list[Message]:
        rows = Message.objects.filter(conversation=self.conversation, notice=Notice.DIALOGUE)
        return list(rows.order_by("pk"))

    def reads(self) -> list[str]:
        """What the dialogue has said, the oldest first."""
        return [str((message.content or {})["text"]) for message in self.prompts()]

    def waits(self) -> bool:
        """Whether the conversation waits for the staff."""
        self.conversation.refresh_from_db()
        return self.conversation.waiting_since is not None

    def _said(
        self, kind: MessageKind, content: dict[str, Any], *, heard: bool, **fields: Any
    ) -> Message:
        # A second later each time, as WhatsApp counts, and after what we have asked.
        at = fields.pop("sent_at", timezone.now() + timedelta(seconds=next(_seconds)))
        message = factories.message(
            self.conversation,
            kind=kind,
            content=content,
            direction=Direction.IN,
            sent_at=at,
            **fields,
        )
        rows = Conversation.objects.filter(pk=self.conversation.pk, waiting_since=None)
        if kind is not MessageKind.EDIT:
            rows.update(waiting_since=at)
        if heard:
            dialogue.hear(self.conversation.pk, message.pk)
        return message


def citizen(**options: Any) -> Citizen:
    """Somebody who was answered once and is asked about a question now."""
    mayor = factories.staff()
    conversation = factories.conversation(
        factories.session(mayor.office), waiting_since=None, first_answered_at=timezone.now()
    )
    found = Citizen(conversation, mayor)
    found.is_asked(**{"if_unanswered": Unanswered.DROP} | options)
    return found


def states(of: Question) -> list[str]:
    """The states of its tickets."""
    return sorted(Ticket.objects.filter(reference=of.reference).values_list("state", flat=True))


def up_to_check(address: str = "erika@example.org") -> Citizen:
    """Somebody who has agreed to e-mail and typed the address."""
    asked = citizen()
    asked.presses(asked.button("Ja, weitergeben"))
    asked.presses(asked.button("Ja, per E-Mail"))
    asked.writes(address)
    return asked
