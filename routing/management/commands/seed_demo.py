"""The sample office with its departments, their clerks, and a ticket in every state."""

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from routing.enums import Unanswered
from routing.management import samples
from routing.models import Correspondence, Department, Member, Snippet, Ticket
from routing.services.forward import forwarding
from routing.services.forward.forwarding import Fields
from sessions_app.enums import DeliveryState, Direction, MessageKind, Role
from sessions_app.management.commands import seed_demo
from sessions_app.management.commands.seed_demo import Login, employ
from sessions_app.models import ConsultationSession, Conversation, Message, Office, Staff
from sessions_app.services.staff import one_time_password

DOMAIN = "musterstadt.example"
DEPARTMENTS = {
    "Bauamt": ("bauamt", "Straße\nStraßenlampe\nGehweg\nBaustelle\nSpielplatz\nGrünfläche", False),
    "Ordnungsamt": ("ordnungsamt", "Parken\nLärm\nMarkt\nHund\nSchulbus\nVeranstaltung", True),
    "Stadtwerke": ("stadtwerke", "Wasser\nWasserzähler\nStrom\nGas\nLampe", False),
}
CLERKS = {
    "Bauamt": ("Jo", "Stein"),
    "Ordnungsamt": ("Mika", "Feld"),
    "Stadtwerke": ("Toni", "Bach"),
}
SNIPPET = ("Zuständig, in Arbeit", "Vielen Dank für Ihre Frage. Wir kümmern uns darum bis zum …")
# From the range that is kept free for films.
WAITING_PHONE = "493023125199"
WAITING = (
    "Wann wird der Gehweg in der Gartenstraße gepflastert? Mit dem Rollator ist kein Durchkommen."
)


class Command(seed_demo.Command):
    """Safe to run again: what is there stays."""

    help = (
        f"{seed_demo.Command.help} Adds three departments with a clerk each, and tickets in every "
        "state about invented people."
    )

    def add(self, session: ConsultationSession, given: dict[str, Any]) -> list[Login]:
        """Add departments and clerks, and the tickets when there are none yet."""
        with transaction.atomic():
            _letterhead(session.office)
            logins = [_clerk(session.office, login) for login in _logins(given)]
        if logins and not Ticket.objects.filter(office=session.office).exists():
            house = _house(session.office)
            for sample in samples.SAMPLES:
                samples.make(house, sample)
            _waiting(session, house)
        return logins


def _logins(given: dict[str, Any]) -> list[Login]:
    if given:
        return [login for login in given["logins"] if login.get("department") in DEPARTMENTS]
    return [
        Login(role=Role.CLERK, username=local, password=one_time_password(), department=name)
        for name, (local, _keywords, _release) in DEPARTMENTS.items()
    ]


def _letterhead(office: Office) -> None:
    Correspondence.objects.get_or_create(
        office=office,
        defaults={
            "sender_name": "Bürgersprechstunde Musterstadt",
            "letterhead": "Stadt Musterstadt\nRathausplatz 1, 12345 Musterstadt\nTelefon 030 23125-200",
            "closing": "Ihre Stadt Musterstadt",
            "escalation_mailbox": f"vorzimmer@{DOMAIN}",
        },
    )


def _clerk(office: Office, login: Login) -> Login:
    name = login["department"]
    first_name, last_name = CLERKS[name]
    email = f"{first_name}.{last_name}@{DOMAIN}".lower()
    staff = employ(
        office, Role.CLERK, login, first_name=first_name, last_name=last_name, email=email
    )
    Member.objects.get_or_create(department=_department(office, name), staff=staff)
    return login


def _department(office: Office, name: str) -> Department:
    local, keywords, needs_release = DEPARTMENTS[name]
    department, is_new = Department.objects.get_or_create(
        office=office,
        name=name,
        defaults={
            "keywords": keywords,
            "mailbox": f"{local}@{DOMAIN}",
            "mailbox_confirmed_at": timezone.now(),
            "needs_release": needs_release,
        },
    )
    if is_new:
        Snippet.objects.create(department=department, title=SNIPPET[0], text=SNIPPET[1])
    return department


def _house(office: Office) -> samples.House:
    members = Member.objects.filter(department__office=office).select_related("staff__user")
    departments = {each.name: each for each in office.departments.all()}
    clerks = {each.department.name: each.staff for each in members.select_related("department")}
    assistant = office.staff.filter(role=Role.ASSISTANT).select_related("office").earliest("pk")
    return samples.House(assistant, departments, clerks, timezone.now())


def _waiting(session: ConsultationSession, house: samples.House) -> None:
    """Let a citizen of the open hour be asked; nothing of it is sent, there is no such phone."""
    with transaction.atomic():
        conversation = _conversation(session, house.assistant)
        bauamt = house.departments["Bauamt"]
        fields = Fields(text=WAITING, lead=bauamt, if_unanswered=Unanswered.ANONYMOUS)
        forwarding.forward(conversation, fields, by=house.assistant)
        queued = conversation.messages.filter(delivery=DeliveryState.QUEUED)
        queued.update(delivery=DeliveryState.DELIVERED)


def _conversation(session: ConsultationSession, assistant: Staff) -> Conversation:
    now = timezone.now()
    session.citizens += 1
    session.save(update_fields=("citizens",))
    conversation = Conversation.objects.create(
        session=session,
        key_id=session.key_id,
        number=session.citizens,
        name="Hannelore Beispiel",
        phone=WAITING_PHONE,
        assigned_to=assistant,
        began_at=now,
        last_inbound_at=now,
        last_message_at=now,
        first_answered_at=now,
    )
    Message.objects.create(
        session=session,
        conversation=conversation,
        key_id=session.key_id,
        uid=uuid.uuid4(),
        direction=Direction.IN,
        kind=MessageKind.TEXT,
        content={"text": WAITING},
        sent_at=now,
        created_at=now,
    )
    return conversation
