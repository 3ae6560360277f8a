"""Fills an empty installation with a sample office, its staff, an open session and a planned one."""

import json
import os
from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from sessions_app.enums import OutsidePolicy, Role
from sessions_app.models import ConsultationSession, Office, Staff
from sessions_app.services import sessions
from sessions_app.services.staff import one_time_password

SLUG = "musterstadt"
HOUR = timedelta(hours=2)
# All numbers lie in the range that is kept free for films: nobody is called by accident.
NUMBER = "+493023125100"
NUMBER_ID = "100000000000001"
SAMPLE = {
    "name": "Musterstadt",
    "slug": SLUG,
    "host_name": "Bürgermeisterin Erika Beispiel",
    "information_phone": "030 23125-200",
    "contact_email": "sprechstunde@musterstadt.example",
    "outside_policy": OutsidePolicy.NOTICE,
}
PEOPLE = {
    Role.HOST: ("buergermeisterin", "Erika", "Beispiel"),
    Role.ASSISTANT: ("assistenz", "Kim", "Muster"),
    Role.AUDITOR: ("datenschutz", "Robin", "Sommer"),
    Role.ADMIN: ("verwaltung", "Alex", "Winter"),
}


class Login(TypedDict):
    """One login of the sample staff."""

    role: str
    username: str
    password: str
    department: NotRequired[str]


class Command(BaseCommand):
    """Safe to run again: what is there stays; an hour that is over is followed by a new one."""

    help = (
        "Create a sample office with staff, an open session of two hours and one next week, "
        "and print the logins. For demonstrations only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: str, **options: Any) -> None:
        """Create what is missing."""
        given = _given()
        if not given and Office.objects.exclude(slug=SLUG).exists():
            raise CommandError("This installation has offices of its own; nothing was changed.")
        with transaction.atomic():
            office = _office(given)
            logins = [_login(office, Role(each["role"]), each) for each in _logins(given)]
        now = timezone.now()
        session = _open_session(office, now)
        _planned_session(office, now)
        logins += self.add(session, given)
        self._report(
            {"logins": logins, "office": office.pk, "session": session.pk}, options["json"]
        )

    def add(self, session: ConsultationSession, given: dict[str, Any]) -> list[Login]:
        """Add what another part of the portal shows, and return its logins."""
        return []

    def _report(self, made: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(made))
            return
        for login in made["logins"]:
            self.stdout.write(f"{login['role']:<10} {login['username']:<18} {login['password']}")


def _given() -> dict[str, Any]:
    """Return what the demo's supervisor has drawn, or nothing."""
    path = os.environ.get("DEMO_SECRETS_FILE")
    return dict(json.loads(Path(path).read_text("utf-8"))) if path else {}


def _office(given: dict[str, Any]) -> Office:
    numbers = {
        "display_phone_number": "".join(given.get("display_phone_number", NUMBER).split()),
        "phone_number_id": given.get("phone_number_id", NUMBER_ID),
        "privacy_url": f"http://127.0.0.1:{settings.PORT}{reverse('privacy', args=[SLUG])}",
    }
    here = Q(slug=SLUG) | Q(phone_number_id=numbers["phone_number_id"])
    office = Office.objects.filter(here).first()
    if office is None:
        return Office.objects.create(**SAMPLE, **numbers)
    Office.objects.filter(pk=office.pk).update(**numbers)
    return office


def _logins(given: dict[str, Any]) -> list[Login]:
    if given:
        return [login for login in given["logins"] if login["role"] in PEOPLE]
    return [
        Login(role=role, username=person[0], password=one_time_password())
        for role, person in PEOPLE.items()
    ]


def _login(office: Office, role: Role, login: Login) -> Login:
    _username, first_name, last_name = PEOPLE[role]
    employ(office, role, login, first_name=first_name, last_name=last_name)
    return login


def employ(office: Office, role: Role, login: Login, **names: str) -> Staff:
    """Return the sample person of `login`, who is there afterwards and has its password."""
    user, _new = User.objects.get_or_create(username=login["username"], defaults=names)
    if not user.check_password(login["password"]):
        user.set_password(login["password"])
        user.save(update_fields=("password",))
    return Staff.objects.get_or_create(user=user, office=office, defaults={"role": role})[0]


def _open_session(office: Office, now: datetime) -> ConsultationSession:
    running = office.sessions.running(now).first()
    if running and running.is_open(now):
        return running
    if running:  # in its wrap-up: make room, so that a demo always begins with an open hour
        sessions.end_and_erase(running)
        now = timezone.now()
    return sessions.plan(office, starts_at=now, ends_at=now + HOUR, topic="Alles, was Sie bewegt")


def _planned_session(office: Office, now: datetime) -> None:
    if office.sessions.upcoming(now).exists():
        return
    zone = ZoneInfo(office.time_zone)
    day = now.astimezone(zone) + timedelta(days=7)
    start = day.replace(hour=15, minute=0, second=0, microsecond=0)
    sessions.plan(office, starts_at=start, ends_at=start + timedelta(hours=1))
