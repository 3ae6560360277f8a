"""The table of departments: out, in, and everything that spreadsheets do to it."""

from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from routing.models import Department
from routing.services import department_table, departments
from routing.services.departments import Fields
from sessions_app.enums import Role
from sessions_app.models import Office
from tests import factories

pytestmark = pytest.mark.django_db

HEADING = (
    "Fachamt;Zuständig für;Postfach;Frist in Arbeitstagen;Freigabe nötig;Mitglieder;Vertretung"
)


@pytest.fixture
def office() -> Office:
    return factories.office()


def names() -> set[str]:
    return set(Department.objects.values_list("name", flat=True))


def imported(office: Office, text: str, encoding: str = "utf-8") -> department_table.Table:
    table = department_table.read(office, text.encode(encoding))
    if not table.problems:
        department_table.apply(office, table)
    return table


def test_what_was_exported_is_read_back_without_a_change(office: Office) -> None:
    clerk = factories.staff(office, Role.CLERK, username="kim")
    fields = Fields("=Bauamt", "Lampe\nStraße", "bau@stadt.example", 7, needs_release=True)
    departments.set_members(departments.create(office, fields), {clerk: True})

    table = department_table.read(office, department_table.write(office))

    assert (table.problems, [row.changes for row in table.rows]) == ([], [[]])


def test_export_disarms_formulas(office: Office) -> None:
    departments.create(office, Fields("=1+1", "", "", 5, needs_release=False))

    assert "'=1+1" in department_table.write(office).decode("utf-8-sig")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_tables_of_all_spreadsheets_are_read(office: Office, encoding: str, delimiter: str) -> None:
    text = f"{HEADING}\r\nGrünflächenamt;Bäume;gruen@stadt.example;3;ja;;\r\n"

    imported(office, text.replace(";", delimiter), encoding)

    department = Department.objects.get()
    assert (department.name, department.keyword_list, department.due_days) == (
        "Grünflächenamt",
        ["Bäume"],
        3,
    )


def test_missing_columns_leave_what_is_there(office: Office) -> None:
    departments.create(office, Fields("Bauamt", "Lampe", "", 9, needs_release=True))

    imported(office, "Fachamt;Postfach\nBauamt;bau@stadt.example\n")

    department = Department.objects.get()
    assert (department.mailbox, department.due_days, department.needs_release) == (
        "bau@stadt.example",
        9,
        True,
    )


@pytest.mark.parametrize(
    "line",
    [
        ";ohne Namen;;5;ja;;",
        "Amt;;kein@;5;ja;;",
        "Amt;;;0;ja;;",
        "Amt;;;fünf;ja;;",
        "Amt;;;²;ja;;",
        "Amt;;;5;vielleicht;;",
        "Amt;;;5;ja;niemand;;",
        "Amt;;;5;ja;;;zu viel",
        f"{'A' * 121};;;5;ja;;",
    ],
)
def test_broken_line_is_named_and_nothing_is_applied(office: Office, line: str) -> None:
    table = imported(office, f"{HEADING}\nGutes Amt;;;5;ja;;\n{line}\n")

    assert [number for number, _text in table.problems] == [3]
    assert names() == set()


def test_department_named_twice_is_refused(office: Office) -> None:
    table = imported(office, "Fachamt\nBauamt\nbauAMT\n")

    assert [number for number, _text in table.problems] == [2, 3]


@pytest.mark.parametrize(
    "data", [b"", b"\0\x01", b"Name;Postfach\n", b'Fachamt\n"offen', b"\xff" * 9]
)
def test_what_is_no_table_is_a_problem(office: Office, data: bytes) -> None:
    assert department_table.read(office, data).problems


def test_clerk_of_another_office_is_unknown(office: Office) -> None:
    factories.staff(role=Role.CLERK, username="fremd")

    table = imported(office, "Fachamt;Mitglieder\nBauamt;fremd\n")

    assert len(table.problems) == 1


class AnyBytes(TestCase):
    """Whatever is uploaded is a table or a list of problems, never an error."""

    @given(st.binary(max_size=300), st.text(max_size=100))
    def test_nothing_raises(self, data: bytes, text: str) -> None:
        office = factories.office()

        department_table.read(office, data)
        department_table.read(office, f"Fachamt;Postfach\n{text}".encode("utf-8", "replace"))


def test_page_shows_first_and_applies_on_confirmation(client: Client, office: Office) -> None:
    client.force_login(factories.staff(office, Role.ASSISTANT).user)
    page = reverse("departments_import", args=(office.slug,))
    upload = SimpleUploadedFile("amt.csv", b"Fachamt\nBauamt\n")

    shown = client.post(page, {"table": upload})
    before = names()
    client.post(page, {"confirmed": shown.context["text"]})

    assert (before, names()) == (set(), {"Bauamt"})


@pytest.mark.parametrize("content", [b"", b"Postfach\nx\n", b"x" * 1_000_001])
def test_page_refuses_what_is_no_table(client: Client, office: Office, content: bytes) -> None:
    client.force_login(factories.staff(office, Role.ASSISTANT).user)
    page = reverse("departments_import", args=(office.slug,))

    answer = client.post(page, {"table": SimpleUploadedFile("amt.csv", content)})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_export_is_a_file(client: Client, office: Office) -> None:
    departments.create(office, Fields("Bauamt", "", "", 5, needs_release=False))
    client.force_login(factories.staff(office, Role.ADMIN).user)

    answer = client.get(reverse("departments_export", args=(office.slug,)))

    assert answer.content == department_table.write(office)
    assert answer["Content-Disposition"].startswith("attachment; ")
