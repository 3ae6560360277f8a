"""Rows hold ciphertext bound to field, row and key; reading opens it, nothing else does."""

import copy
import pickle
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.utils.translation import gettext_lazy
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoAssertNumQueries

from sprechstunde.vault import cipher
from sprechstunde.vault.encrypted import encrypted
from sprechstunde.vault.errors import KeyUnavailable, Tampered
from sprechstunde.vault.fields import EncryptedTextField
from sprechstunde.vault.keystore import keystore
from sprechstunde.vault.sealed import Sealed
from tests.vault.notes import Meeting, Note, Remark

WORDS = "Grüß Gott 🙂 – wo melde ich ein Schlagloch?"
EVERYTHING: dict[str, Any] = {
    "text": WORDS,
    "name": "",
    "data": {"emoji": "👍", "list": [1, None, 2.5]},
    "raw": b"\x00\xff\x89PNG",
}


def _stored(note: Note, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM vault_tests_note WHERE id = %s", [note.pk])  # noqa: S608
        return bytes(cursor.fetchone()[0])


def _store(note: Note, column: str, value: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE vault_tests_note SET {column} = %s WHERE id = %s",  # noqa: S608
            [value, note.pk],
        )


def test_saved_values_come_back(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, **EVERYTHING)

    found = Note.objects.get(pk=note.pk)

    assert {name: getattr(found, name) for name in EVERYTHING} == EVERYTHING


def test_bulk_created_values_come_back(notes: UUID) -> None:
    Note.objects.bulk_create([Note(key_id=notes, text=f"{n} {WORDS}") for n in range(5)])

    texts = [note.text for note in Note.objects.order_by("pk")]

    assert texts == [f"{n} {WORDS}" for n in range(5)]


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(text=strategies.text(strategies.characters()), raw=strategies.none() | strategies.binary())
def test_any_text_and_bytes_come_back(notes: UUID, text: str, raw: bytes | None) -> None:
    note = Note.objects.create(key_id=notes, text=text, data={text: [text]}, raw=raw)

    found = Note.objects.get(pk=note.pk)

    assert (found.text, found.data, found.raw) == (text, {text: [text]}, raw)


def test_half_a_surrogate_pair_comes_back(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text="\ud83d")

    assert Note.objects.get(pk=note.pk).text == "\ud83d"


def test_none_is_null(notes: UUID) -> None:
    Note.objects.create(key_id=notes, text="", name=None)
    Note.objects.create(key_id=notes, text="", name="Anna")

    assert [note.name for note in Note.objects.filter(name__isnull=True)] == [None]


def test_columns_hold_no_plaintext(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, **EVERYTHING)

    columns = {name: _stored(note, name) for name in EVERYTHING}

    assert columns["text"].find(b"Schlagloch") == -1
    assert {content[:1] for content in columns.values()} == {b"\x01"}


def test_assigned_value_is_sealed_on_save(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text="first")

    note.text = "second"
    note.save(update_fields=["text"])

    assert Note.objects.get(pk=note.pk).text == "second"


def test_json_changed_in_place_is_saved(notes: UUID) -> None:
    Note.objects.create(key_id=notes, text="", data={"ticks": 1})
    note = Note.objects.get()

    assert note.data
    note.data["ticks"] = 2
    note.save()

    assert Note.objects.get().data == {"ticks": 2}


def test_update_or_create_seals_the_defaults(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text="first", name="Anna")

    Note.objects.update_or_create(uid=note.uid, defaults={"text": "second"})

    found = Note.objects.get()
    assert (found.text, found.name) == ("second", "Anna")


def test_refresh_from_db_shows_what_another_wrote(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text="first")
    other = Note.objects.get()
    other.text = "second"
    other.save()

    note.refresh_from_db()

    assert note.text == "second"


def test_deferred_value_takes_one_query(
    notes: UUID, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Note.objects.create(key_id=notes, text=WORDS)
    for rows in (Note.objects.only("pk"), Note.objects.only("text"), Note.objects.defer("text")):
        note = rows.get()

        with django_assert_num_queries(1):
            assert note.text == WORDS


def test_reading_a_list_takes_no_further_query(
    notes: UUID, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Note.objects.bulk_create([Note(key_id=notes, text=WORDS) for _ in range(3)])

    with django_assert_num_queries(1):
        texts = [note.text for note in Note.objects.all()]

    assert texts == [WORDS] * 3


def test_owner_reached_through_a_relation(notes: UUID) -> None:
    meeting = Meeting.objects.create(key_id=notes)
    Remark.objects.create(meeting=meeting, text=WORDS)

    assert Remark.objects.select_related("meeting").get().text == WORDS
    assert Remark.objects.only("text").get().text == WORDS


def test_translated_text_is_kept_as_it_reads(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text=gettext_lazy("Sunday"))

    assert type(Note.objects.get(pk=note.pk).text) is str


def test_copy_with_an_opened_value_is_sealed_for_its_own_row(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text=WORDS)

    note.pk, note.uid = None, uuid4()
    note.save(force_insert=True)

    assert [row.text for row in Note.objects.all()] == [WORDS, WORDS]


def test_copy_with_an_unopened_value_is_refused(notes: UUID) -> None:
    Note.objects.create(key_id=notes, text=WORDS)
    copied = Note.objects.get()
    copied.pk, copied.uid = None, uuid4()
    copied._state.adding = True

    with pytest.raises(Tampered):
        copied.save()


def test_value_moved_to_another_row_raises_tampered(notes: UUID) -> None:
    one = Note.objects.create(key_id=notes, text="one")
    two = Note.objects.create(key_id=notes, text="two")

    _store(two, "text", _stored(one, "text"))

    with pytest.raises(Tampered):
        _ = Note.objects.get(pk=two.pk).text
    assert Note.objects.get(pk=one.pk).text == "one"


def test_value_moved_to_another_field_raises_tampered(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text="one", name="Anna")

    _store(note, "name", _stored(note, "text"))

    with pytest.raises(Tampered):
        _ = Note.objects.get(pk=note.pk).name


def test_row_moved_to_another_session_raises_tampered(notes: UUID) -> None:
    other = uuid4()
    keystore().create(other)
    note = Note.objects.create(key_id=notes, text="one")

    Note.objects.update(key_id=other)

    with pytest.raises(Tampered):
        _ = Note.objects.get(pk=note.pk).text


def test_opener_opens_what_belongs_to_the_row_only(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text=WORDS)
    opened = encrypted(Note, "text").opener(notes)

    assert opened(_stored(note, "text"), note.uid.hex) == WORDS
    assert opened(None, note.uid.hex) is None
    with pytest.raises(Tampered):
        opened(_stored(note, "text"), uuid4().hex)


def test_opener_of_a_destroyed_key_raises(notes: UUID) -> None:
    field = encrypted(Note, "text")
    keystore().destroy(notes)

    with pytest.raises(KeyUnavailable):
        field.opener(notes)


def test_field_that_is_not_encrypted_has_no_opener() -> None:
    with pytest.raises(TypeError):
        encrypted(Note, "key_id")


def test_destroyed_key_shows_on_reading_and_not_before(notes: UUID) -> None:
    Note.objects.create(key_id=notes, text=WORDS)

    keystore().destroy(notes)

    [note] = Note.objects.all()
    with pytest.raises(KeyUnavailable):
        _ = note.text


def test_row_of_a_destroyed_key_can_still_change_its_state(notes: UUID) -> None:
    Note.objects.create(key_id=notes, text=WORDS)
    note = Note.objects.get()
    keystore().destroy(notes)

    note.state = "erased"
    note.save()

    assert Note.objects.get().state == "erased"


def test_saving_under_a_destroyed_key_writes_nothing(notes: UUID) -> None:
    keystore().destroy(notes)

    with pytest.raises(KeyUnavailable), transaction.atomic():
        Note.objects.create(key_id=notes, text=WORDS)

    assert not Note.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"), [("text", 1), ("text", b""), ("raw", ""), ("name", [])]
)
def test_value_of_a_wrong_type_is_refused_when_set(field: str, value: object) -> None:
    with pytest.raises(TypeError):
        Note(**{field: value})


@pytest.mark.parametrize(
    "query",
    [
        {"text": "plain"},
        {"text__contains": "plain"},
        {"text__in": ["plain"]},
        {"data__key": 1},
        {"raw": b"plain"},
        {"text": None},
    ],
)
def test_searching_an_encrypted_field_raises_type_error(query: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="can't be searched"):
        Note.objects.filter(**query)


def test_writing_by_query_raises_type_error(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text="first")

    with pytest.raises(TypeError, match="saving an instance"), transaction.atomic():
        Note.objects.update(text="plain")
    with pytest.raises(TypeError, match="saving an instance"), transaction.atomic():
        Note.objects.bulk_update([note], ["text"])
    assert Note.objects.get().text == "first"


def test_setting_null_by_query_is_allowed(notes: UUID) -> None:
    Note.objects.create(key_id=notes, text="", name="Anna")

    Note.objects.update(name=None)

    assert Note.objects.get().name is None


def test_row_without_owner_is_refused(notes: UUID) -> None:
    with pytest.raises(TypeError, match="needs UUIDs"):
        Note(key_id=None, text=WORDS).save()


def test_repr_and_values_show_nothing(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text=WORDS)
    shown = [repr(note), repr(vars(note)), repr(list(Note.objects.values("text", "name")))]

    assert "Schlagloch" not in "".join(shown)
    assert "<Sealed>" in shown[1]


def test_rows_are_neither_pickled_nor_exported(notes: UUID) -> None:
    note = Note.objects.create(key_id=notes, text=WORDS)

    with pytest.raises(TypeError):
        pickle.dumps(note)
    with pytest.raises(TypeError):
        serializers.serialize("json", [note])


def test_held_value_is_copied_with_its_row() -> None:
    copied = copy.deepcopy({"text": Sealed(b"ciphertext", WORDS)})["text"]

    assert (copied.ciphertext, copied.plain) == (b"ciphertext", WORDS)


def test_deconstruct_and_clone_keep_the_bindings() -> None:
    field = Note._meta.get_field("name")

    text, imports = MigrationWriter.serialize(field)

    assert text == (
        "sprechstunde.vault.fields.EncryptedTextField(null=True, owner='key_id', row='uid')"
    )
    assert imports == {"import sprechstunde.vault.fields"}
    assert field.clone().deconstruct()[1:] == field.deconstruct()[1:]


def test_check_finds_an_owner_or_row_that_is_not_there() -> None:
    class Wrong(models.Model):
        key_id = models.UUIDField()
        text = EncryptedTextField(owner="session.key_id", row="uid")
        name = EncryptedTextField(owner="key_id")

        class Meta:
            app_label = "vault_tests_wrong"

        def __str__(self) -> str:
            return "wrong"

    problems = [error.id for error in Wrong.check()]

    assert problems == ["vault.E001"]


def test_digest_finds_its_row_and_is_unique(notes: UUID) -> None:
    digest = cipher.digest(notes, context="name", value="Anna")
    note = Note.objects.create(key_id=notes, text="", name_digest=digest)

    assert Note.objects.get(name_digest=digest) == note
    assert Note.objects.filter(name_digest__in=[digest]).count() == 1
    assert Note.objects.get().name_digest == digest
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.create(key_id=notes, text="", name_digest=digest)


@pytest.mark.parametrize("value", ["Anna", b"Anna", 1])
def test_digest_field_takes_no_readable_value(notes: UUID, value: Any) -> None:
    with pytest.raises(TypeError, match="takes a digest"):
        Note.objects.filter(name_digest=value).exists()
    with pytest.raises(TypeError, match="takes a digest"):
        Note.objects.create(key_id=notes, text="", name_digest=value)
