"""Who may do what: every role × every address, in the own and another department and office.

The table below is the specification. An address without a row fails `test_every_address_has_a_row`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings

from tests.routing import world
from tests.routing.world import COLLEAGUE, EVERYBODY, NOBODY, World

# Who may do what depends on no database; once is enough.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

DESK = frozenset({"host", "assistant"})
OFFICE = DESK | {"admin"}
ADMIN = frozenset({"admin"})
CONTROL = frozenset({"admin", "auditor"})
HOUSE = DESK | {"clerk"}
CLERK = frozenset({"clerk"})
PORTAL = {  # anybody who works with tickets anywhere, each with their own
    *HOUSE, COLLEAGUE, "host of another office", "assistant of another office",
    "clerk of another office",
}  # fmt: skip
STAFF = frozenset(set(EVERYBODY) - {NOBODY})
ALL = frozenset(EVERYBODY)
HALLS = {*DESK, "host of another office", "assistant of another office"}  # each into their own


@dataclass(frozen=True)
class Row:
    """`may`: who is let in. `sees`: who is there, but told that this is not for them (403, 409)."""

    may: frozenset[str] | set[str]
    method: str = "get"
    ids: dict[str, str] = field(
        default_factory=dict
    )  # which object, where the name does not say it
    data: dict[str, str] = field(default_factory=dict)
    sees: frozenset[str] = frozenset()


def post(may: frozenset[str] | set[str], **more: Any) -> Row:
    return Row(may, "post", **more)


FRESH = {"pk": "fresh"}
REASON = "Nicht unser Gebiet."
TEXT = {
    "text": "Wird am Dienstag erledigt.",
    "version": "1",
    **dict.fromkeys(("reason", "return-reason", "reject-reason"), REASON),
}

TABLE: dict[str, list[Row]] = {
    # Everybody
    **{name: [Row(ALL)] for name in ("public", "office", "privacy", "login", "healthz", "readyz")},
    "metrics": [Row(frozenset())],  # off by default
    "set_language": [post(ALL)],
    "logout": [post(ALL)],
    "webhook": [post(ALL, sees=ALL)],  # its signature is its permission
    "confirm_address": [Row(ALL, ids={"token": "address_token"})],  # the link is the permission
    "withdraw_question": [Row(ALL, ids={"token": "withdrawal_token"})],
    "confirm_mailbox": [Row(ALL, ids={"token": "mailbox_token"})],
    # Everybody of the house
    "own_password": [Row(STAFF), post(STAFF)],
    "start": [Row(STAFF)],
    # Planning and administration
    "planning": [Row(OFFICE)],
    "plan": [Row(OFFICE), post(OFFICE)],
    "cancel": [Row(OFFICE, ids={"session_id": "session_id"}), post(OFFICE)],
    "end": [Row(OFFICE), post(OFFICE)],
    "extend": [post(OFFICE)],
    "erasure_records": [Row(CONTROL)],
    "office_new": [Row(frozenset(), sees=STAFF)],  # the operator's account alone
    "office_settings": [Row(ADMIN), post(ADMIN)],
    "office_staff": [Row(ADMIN), post(ADMIN)],
    "office_person": [Row(ADMIN), post(ADMIN)],
    "renew_password": [post(ADMIN)],
    "dismiss": [post(ADMIN)],
    # The desk
    "desk": [Row(HALLS)],
    **{
        name: [Row(DESK)]
        for name in (
            "desk_session",
            "desk_queue",
            "desk_clock",
            "desk_conversation",
            "desk_thread",
            "desk_attachment",
            "desk_live",
            "desk_questions",
            "desk_undecided",
        )
    },
    **{
        name: [post(DESK)]
        for name in (
            "desk_extend",
            "desk_end",
            "desk_reply",
            "desk_take",
            "desk_hand_back",
            "desk_finish",
            "desk_reopen",
            "desk_number",
            "desk_react",
            "desk_again",
            "desk_leave",
            "desk_forward_check",
            "desk_question_drop",
            "desk_question_remind",
        )
    },
    "desk_question_decide": [post(DESK, data={"if_unanswered": "drop"})],
    "desk_erase": [Row(DESK), post(DESK)],
    "desk_presence": [Row(DESK), post(DESK)],
    "desk_forward": [Row(DESK), post(DESK)],
    # Tickets
    "tickets": [Row(PORTAL), post(PORTAL)],
    "ticket_counts": [Row(PORTAL)],
    "tickets_live": [Row(PORTAL)],
    "tickets_bulk": [post(PORTAL)],
    "ticket": [Row(HOUSE, ids=FRESH)],
    "ticket_status": [Row(HOUSE, ids=FRESH)],
    "ticket_presence": [Row(HOUSE, ids=FRESH), post(HOUSE, ids=FRESH)],
    "ticket_picture": [Row(HOUSE, ids=FRESH | {"file_id": "picture"})],
    "ticket_file": [Row(HOUSE, ids=FRESH | {"file_id": "draft_file"})],
    "ticket_answer_original": [Row(HOUSE, ids=FRESH)],
    "ticket_reply_original": [Row(HOUSE, ids=FRESH)],
    "ticket_reply_file": [Row(HOUSE, ids=FRESH | {"number": "reply_file"})],
    "ticket_accept": [post(CLERK, ids=FRESH, sees=DESK)],
    "ticket_return": [post(CLERK, ids=FRESH, data=TEXT, sees=DESK)],
    "ticket_pass_on": [post(HOUSE, ids=FRESH, data=TEXT)],
    "ticket_note": [post(HOUSE, ids=FRESH, data=TEXT)],
    "ticket_draft": [post(CLERK, ids=FRESH, data=TEXT, sees=DESK)],
    "ticket_answer": [post(CLERK, ids=FRESH, data=TEXT, sees=DESK)],
    "ticket_files": [post(CLERK, ids=FRESH, data=TEXT, sees=DESK)],
    "ticket_file_remove": [post(CLERK, ids=FRESH | {"file_id": "draft_file"}, sees=DESK)],
    "ticket_preview": [Row(HOUSE, ids={"pk": "in_release"}), post(HOUSE, ids={"pk": "in_release"})],
    "ticket_preview_html": [Row(HOUSE, ids={"pk": "in_release"})],
    "ticket_release": [post(DESK, ids={"pk": "in_release"}, sees=CLERK)],
    "ticket_reject": [post(DESK, ids={"pk": "in_release"}, data=TEXT, sees=CLERK)],
    "ticket_send_again": [post(HOUSE, ids={"pk": "undeliverable"})],
    "snippets": [Row(HOUSE), post(HOUSE)],
    "snippet": [Row(HOUSE), post(HOUSE)],
    "snippet_remove": [post(HOUSE)],
    "ticket_erasures": [Row(CONTROL)],
    # Departments, letterhead, mail
    "departments": [Row(OFFICE)],
    "department_new": [Row(OFFICE), post(OFFICE)],
    "departments_export": [Row(OFFICE)],
    "departments_import": [Row(OFFICE), post(OFFICE)],
    "department": [Row(OFFICE), post(OFFICE)],
    "department_members": [post(OFFICE)],
    "department_ask": [post(OFFICE)],
    "department_close": [post(OFFICE)],
    "department_reopen": [post(OFFICE)],
    "correspondence": [Row(OFFICE), post(OFFICE)],
    "mails": [Row(OFFICE)],
    "mail_again": [post(OFFICE, ids={"mail_id": "failed_mail"})],
    "mail_arrived": [post(OFFICE, ids={"mail_id": "doubtful_mail"})],
    "mail_dismiss": [post(OFFICE, ids={"mail_id": "failed_mail"})],
    "quarantine": [Row(DESK)],
    "quarantined_mail": [Row(DESK, ids={"mail_id": "incoming_mail"})],
    "discard_mail": [post(DESK, ids={"mail_id": "incoming_mail"})],
}

STREAMS = ("desk_live", "tickets_live")
CASES = [
    pytest.param(name, row, id=f"{name}-{row.method}")
    for name, rows in TABLE.items()
    for row in rows
    if name not in STREAMS
]


def patterns() -> dict[str, URLPattern]:
    """Every named address of the project."""

    def walk(found: list[Any]) -> Iterator[URLPattern]:
        for each in found:
            yield from walk(each.url_patterns) if isinstance(each, URLResolver) else [each]

    return {str(each.name): each for each in walk(get_resolver().url_patterns)}


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TICKET_MEDIA_ROOT = tmp_path / "tickets"


@pytest.fixture
def there(db: None) -> World:
    """The world; what one person changes in it is rolled back before the next."""
    return world.build()


def test_every_address_has_a_row() -> None:
    assert set(TABLE) == set(patterns())


@pytest.mark.parametrize(("name", "row"), CASES)
def test_exactly_these_people_are_let_in(there: World, name: str, row: Row) -> None:
    verdicts = {}
    for who in EVERYBODY:
        with transaction.atomic():
            verdicts[who] = _verdict(there, name, row, who)
            transaction.set_rollback(True)

    assert verdicts == {who: _expected(row, who) for who in EVERYBODY}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", STREAMS)
def test_exactly_these_people_may_listen(name: str) -> None:
    """A stream gives its database connection back, so nothing here can be rolled back."""
    there, (row,) = world.build(), TABLE[name]

    verdicts = {who: _verdict(there, name, row, who) for who in EVERYBODY}

    assert verdicts == {who: _expected(row, who) for who in EVERYBODY}


def _expected(row: Row, who: str) -> str:
    if who in row.sees:
        return "refused"
    if who in row.may:
        return "let in"
    return "login" if who == NOBODY and row.may | row.sees else "not there"


def _verdict(there: World, name: str, row: Row, who: str) -> str:
    client = Client(raise_request_exception=True)
    if user := there.users[who]:
        client.force_login(user)
    return _word(getattr(client, row.method)(_address(there, name, row), row.data))


def _address(there: World, name: str, row: Row) -> str:
    names = patterns()[name].pattern.converters
    ids = {each: there.ids.get(row.ids.get(each, each), row.ids.get(each)) for each in names}
    return reverse(name, kwargs=ids)


def _word(response: Any) -> str:
    status = HTTPStatus(response.status_code)
    if status is HTTPStatus.UNAUTHORIZED or response.headers.get("Location", "").startswith(
        "/login/"
    ):
        return "login"
    if status is HTTPStatus.NOT_FOUND:
        return "not there"
    if status is HTTPStatus.FORBIDDEN:
        return "refused"
    return "let in"
