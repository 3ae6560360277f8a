"""Erasure of a session of 10,000 messages, with compaction and check, against a bare DELETE."""

import time

from django.db import connection, transaction

from bench import sample
from bench.table import Row
from sessions_app.enums import ErasureTrigger
from sessions_app.models import ConsultationSession, Message
from sessions_app.services import sessions
from sessions_app.services.erasing import erasure

CONVERSATIONS = 200
EACH = 50


def rows(database: str) -> list[Row]:
    """Measure erasure on `database` (a word for the table)."""
    floor = _bare_delete(_filled("2"))
    session = _filled("3")
    sessions.end_and_erase(session)
    ConsultationSession.objects.filter(pk=session.pk).update(farewell_at=session.starts_at)
    session.refresh_from_db()
    begin = time.perf_counter()
    erasure.erase(session, trigger=ErasureTrigger.STAFF)
    seconds = time.perf_counter() - begin
    left = Message.objects.filter(session=session).count()
    return [
        Row(
            f"erasure of {CONVERSATIONS * EACH:,} messages, compacted and checked, {database}",
            f"{seconds:.2f} s, {left} left",
            f"{floor:.2f} s (DELETE alone)",
            "≤ 0.75 s",
            seconds <= 0.75 and left == 0,
        )
    ]


def _filled(suffix: str) -> ConsultationSession:
    session = sample.open_session(phone_number_id=f"9000{suffix}")
    people = sample.conversations(session, CONVERSATIONS)
    sample.messages(people, EACH)
    return session


def _bare_delete(session: ConsultationSession) -> float:
    begin = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM sessions_app_message WHERE session_id = %s", [session.pk])
    return time.perf_counter() - begin
