"""Departments as a CSV table, as spreadsheets write and read it: out, checked, and in."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from routing.models import Department
from routing.models.department import DEFAULT_DUE_DAYS
from routing.services import departments
from routing.services.departments import Fields
from sessions_app.enums import Role
from sessions_app.models import Office, Staff

# The table is a German office's: its headings are data, not texts of the screen.
NAME, KEYWORDS, MAILBOX = "Fachamt", "Zuständig für", "Postfach"
DUE_DAYS, RELEASE = "Frist in Arbeitstagen", "Freigabe nötig"
MEMBERS, DEPUTIES = "Mitglieder", "Vertretung"
COLUMNS = (NAME, KEYWORDS, MAILBOX, DUE_DAYS, RELEASE, MEMBERS, DEPUTIES)

LARGEST = 1_000_000  # bytes
MOST_DUE_DAYS = 60
LONGEST_NAME, LONGEST_KEYWORDS = 120, 2000
_YES, _NO = {"ja", "j", "x", "1", "yes", "wahr", "true"}, {"nein", "n", "", "0", "no", "false"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One department of a table, and what it would change: `known` is None for a new one."""

    line: int
    fields: Fields
    members: dict[Staff, bool]
    known: Department | None
    changes: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read. With `problems` (line, sentence) nothing of it may be applied."""

    rows: list[Row] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def write(office: Office) -> bytes:
    """Return all open departments as CSV: semicolons, and a byte order mark for spreadsheets."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(COLUMNS)
    for department in office.departments.active().prefetch_related("members__staff__user"):
        writer.writerow([_disarmed(cell) for cell in _cells(department)])
    return out.getvalue().encode("utf-8-sig")


def read(office: Office, data: bytes) -> Table:
    """Read a table without changing anything; never raises, each broken line is a problem."""
    try:
        lines = list(_lines(data))
    except (csv.Error, ValueError) as error:
        return Table(problems=[(1, _("This is not a CSV table: %(why)s.") % {"why": error})])
    if not lines or NAME not in lines[0]:
        expected = ", ".join(COLUMNS)
        text = _("The first line must name the columns, at least “Fachamt”: %(columns)s.")
        return Table(problems=[(1, text % {"columns": expected})])
    return _Reader(office).table(lines)


@transaction.atomic
def apply(office: Office, table: Table) -> None:
    """Create and change what the table says; departments that it does not name stay as they are."""
    for row in table.rows:
        if row.known is None:
            department = departments.create(office, row.fields)
        else:
            department = departments.change(row.known, row.fields)
        departments.set_members(department, row.members)


def _cells(department: Department) -> Iterator[str]:
    members = sorted(department.members.all(), key=lambda each: each.staff.user.username)
    yield department.name
    yield ", ".join(department.keyword_list)
    yield department.mailbox
    yield str(department.due_days)
    yield "ja" if department.needs_release else "nein"
    yield ", ".join(each.staff.user.username for each in members if not each.is_deputy)
    yield ", ".join(each.staff.user.username for each in members if each.is_deputy)


def _disarmed(cell: str) -> str:
    """Keep a spreadsheet from calculating what begins like a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _armed(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _lines(data: bytes) -> Iterator[list[str]]:
    if len(data) > LARGEST:
        raise ValueError(_("it is larger than one megabyte"))
    if b"\0" in data:
        raise ValueError(_("it holds binary data"))
    text = decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for cells in reader:
        yield [_armed(cell.strip()) for cell in cells]


def decoded(data: bytes) -> str:
    """Return the text of a table, whichever of the two usual encodings it has."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # what older spreadsheets write


class _Refused(ValueError):
    """A cell can't be read; its text says why, for the person who imports."""


class _Reader:
    """Reads lines against what the office has; asks the database once for each kind."""

    def __init__(self, office: Office) -> None:
        known = office.departments.prefetch_related("members__staff__user")
        self.known = {each.name.casefold(): each for each in known}
        clerks = office.staff.filter(role=Role.CLERK).select_related("user")
        self.clerks = {each.user.username.casefold(): each for each in clerks}

    def table(self, lines: list[list[str]]) -> Table:
        heading, *rest = lines
        table = Table()
        numbered = [(number, cells) for number, cells in enumerate(rest, 2) if any(cells)]
        for number, cells in numbered:
            try:
                row = self.row(number, _named(heading, cells))
            except _Refused as refused:
                table.problems.append((number, str(refused)))
            else:
                table.rows.append(row)
        table.problems.extend(_named_twice(table.rows))
        return table

    def row(self, number: int, cells: Mapping[str, str]) -> Row:
        name = _name(cells.get(NAME, ""))
        known = self.known.get(name.casefold())
        fields = _fields(name, cells, known)
        members = self.members(cells, known)
        return Row(number, fields, members, known, _changes(known, fields, members))

    def members(self, cells: Mapping[str, str], known: Department | None) -> dict[Staff, bool]:
        if MEMBERS not in cells and DEPUTIES not in cells:
            return _members_of(known)
        found = {self.clerk(name): False for name in _names(cells.get(MEMBERS, ""))}
        return found | {self.clerk(name): True for name in _names(cells.get(DEPUTIES, ""))}

    def clerk(self, username: str) -> Staff:
        try:
            return self.clerks[username.casefold()]
        except KeyError:
            text = _("“%(name)s” is not the user name of a department's clerk in this office.")
            raise _Refused(text % {"name": username}) from None


def _named(heading: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) > len(heading):
        raise _Refused(_("The line has more cells than the first line has columns."))
    return dict(zip(heading, cells, strict=False))


def _name(cell: str) -> str:
    if not cell:
        raise _Refused(_("The name is missing."))
    if len(cell) > LONGEST_NAME:
        raise _Refused(_("The name is longer than %(n)d characters.") % {"n": LONGEST_NAME})
    return cell


def _fields(name: str, cells: Mapping[str, str], known: Department | None) -> Fields:
    """Read the columns that are there; others stay as they are known, or as they are by default."""
    now = known or Department(name=name, due_days=DEFAULT_DUE_DAYS)
    keywords = "\n".join(_names(cells[KEYWORDS])) if KEYWORDS in cells else now.keywords
    if len(keywords) > LONGEST_KEYWORDS:
        text = _("The keywords are longer than %(n)d characters.")
        raise _Refused(text % {"n": LONGEST_KEYWORDS})
    return Fields(
        name=name,
        keywords=keywords,
        mailbox=_mailbox(cells[MAILBOX]) if MAILBOX in cells else now.mailbox,
        due_days=_days(cells[DUE_DAYS]) if cells.get(DUE_DAYS) else now.due_days,
        needs_release=_yes(cells[RELEASE]) if RELEASE in cells else now.needs_release,
    )


def _mailbox(cell: str) -> str:
    try:
        if cell:
            validate_email(cell)
    except ValidationError:
        raise _Refused(_("“%(cell)s” is not an e-mail address.") % {"cell": cell}) from None
    return cell


def _days(cell: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", cell) or not 1 <= int(cell) <= MOST_DUE_DAYS:
        text = _("“%(cell)s” is not a number of working days from 1 to %(most)d.")
        raise _Refused(text % {"cell": cell, "most": MOST_DUE_DAYS})
    return int(cell)


def _yes(cell: str) -> bool:
    word = cell.casefold()
    if word not in _YES | _NO:
        raise _Refused(_("“%(cell)s” is neither “ja” nor “nein”.") % {"cell": cell})
    return word in _YES


def _names(cell: str) -> list[str]:
    return [name for part in re.split(r"[,\n|]", cell) if (name := part.strip())]


def _members_of(department: Department | None) -> dict[Staff, bool]:
    if department is None:
        return {}
    return {each.staff: each.is_deputy for each in department.members.all()}


def _named_twice(rows: Iterable[Row]) -> list[tuple[int, str]]:
    rows = list(rows)
    count = Counter(row.fields.name.casefold() for row in rows)
    text = _("“%(name)s” stands in the table twice.")
    return [
        (row.line, text % {"name": row.fields.name})
        for row in rows
        if count[row.fields.name.casefold()] > 1
    ]


def _changes(known: Department | None, fields: Fields, members: dict[Staff, bool]) -> list[str]:
    if known is None:
        return [_("new")]
    pairs = (
        (_("name"), known.name, fields.name),
        (_("keywords"), known.keyword_list, fields.keywords.splitlines()),
        (_("mailbox"), known.mailbox, fields.mailbox),
        (_("due date"), known.due_days, fields.due_days),
        (_("release"), known.needs_release, fields.needs_release),
        (_("members"), _members_of(known), members),
    )
    return [str(label) for label, before, after in pairs if before != after]
