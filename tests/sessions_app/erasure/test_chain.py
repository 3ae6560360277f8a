"""The chain of erasure records shows every change, removal and insertion."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.enums import ErasureTrigger
from sessions_app.models import ErasureRecord
from sessions_app.services.erasing import erasure
from sessions_app.services.erasing.chain import broken_links, newest_digest
from tests import factories
from tests.at_once import at_once
from tests.sessions_app.erasure.hours import close

pytestmark = pytest.mark.django_db(transaction=True)


def _erased(count: int = 1) -> list[ErasureRecord]:
    sessions = [close(factories.session()) for _ in range(count)]
    return [erasure.erase(session, trigger=ErasureTrigger.END) for session in sessions]


def test_each_record_holds_the_digest_of_the_one_before() -> None:
    first, second, third = _erased(3)

    links = [first.previous_digest, second.previous_digest, third.previous_digest]
    assert links == ["", first.digest, second.digest]
    assert newest_digest() == third.digest
    assert broken_links() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda record: {"messages": record.messages + 1},
        lambda record: {"finished_at": record.finished_at + timedelta(seconds=1)},
        lambda record: {"trigger": "citizen"},
        lambda record: {"digest": "0" * 64},
    ],
)
def test_a_changed_record_is_noticed(
    change: Callable[[ErasureRecord], dict[str, object]],
) -> None:
    _, changed, _ = _erased(3)

    ErasureRecord.objects.filter(pk=changed.pk).update(**change(changed))

    assert changed.pk in broken_links()


def test_a_removed_record_is_noticed_by_those_after_it() -> None:
    _, removed, third = _erased(3)

    removed.delete()

    assert broken_links() == [third.pk]


def test_an_inserted_record_is_noticed() -> None:
    first, _ = _erased(2)
    inserted = first
    inserted.pk, inserted.conversation_number = None, 1

    inserted.save(force_insert=True)

    assert inserted.pk in broken_links()


def test_records_finished_at_once_form_one_chain() -> None:
    sessions = [close(factories.session()) for _ in range(4)]

    at_once(
        *[lambda each=each: erasure.erase(each, trigger=ErasureTrigger.END) for each in sessions]
    )
    erasure.erase_due(timezone.now())

    assert ErasureRecord.objects.exclude(finished_at=None).count() == len(sessions)
    assert broken_links() == []
