"""The scripts behind `make vendor`, `make messages` and `make lint` see what they should see."""

import ast
import shutil
from pathlib import Path

import polib
import pytest

from scripts import messages, vendor
from scripts.messages import Text


def test_vendored_files_are_what_the_record_says() -> None:
    assert list(vendor.deviations(vendor.VENDOR)) == []


def test_changed_missing_and_foreign_vendored_files_are_found(tmp_path: Path) -> None:
    copy = tmp_path / "vendor"
    shutil.copytree(vendor.VENDOR, copy)
    htmx = copy / "htmx"
    (htmx / "LICENSE").write_text("changed")
    (htmx / "dist" / "htmx.min.js").unlink()
    (htmx / "extra.js").write_text("foreign")

    assert sorted(vendor.deviations(copy)) == [
        f"{htmx / 'LICENSE'}: changed",
        f"{htmx / 'dist/htmx.min.js'}: missing",
        f"{htmx / 'extra.js'}: not in VENDOR.toml",
    ]


def texts_of(code: str) -> set[Text]:
    tree = ast.parse(code)
    return set(messages.from_calls(tree, messages.function_names(tree)))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ('_("Plain")', Text(None, "Plain", None)),
        ("f\"{_('In an f-string')}!\"", Text(None, "In an f-string", None)),
        ('ngettext("%(n)s row", "%(n)s rows", n)', Text(None, "%(n)s row", "%(n)s rows")),
        ('pgettext("month", "May")', Text("month", "May", None)),
        ('_("Two " "parts")', Text(None, "Two parts", None)),
    ],
)
def test_text_in_code_is_collected(call: str, text: Text) -> None:
    imports = "from django.utils.translation import gettext_lazy as _, ngettext, pgettext\n"

    assert texts_of(imports + call) == {text}


def test_text_that_is_only_known_at_run_time_is_not_collected() -> None:
    assert texts_of("from django.utils.translation import gettext as _\n_(name)") == set()


def test_texts_in_a_template_are_collected(tmp_path: Path) -> None:
    template = tmp_path / "page.html"
    template.write_text(
        "{% load i18n %}<p title=\"{% translate 'A title' %}\">"
        "{% blocktranslate count n=rows %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
        '{{ name|default:_("Nobody (yet)") }}</p>'
    )

    assert set(messages.in_template(template)) == {
        Text(None, "A title", None),
        Text(None, "%(n)s row", "%(n)s rows"),
        Text(None, "Nobody (yet)", None),
    }


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (polib.POEntry(msgid="Yes", msgstr=""), "not translated"),
        (polib.POEntry(msgid="Yes", msgstr="Ja", flags=["fuzzy"]), "marked as fuzzy"),
        (
            polib.POEntry(msgid="%(n)s left", msgstr="%(m)s übrig"),
            "other placeholders than its source",
        ),
    ],
)
def test_doubtful_translation_is_found(entry: polib.POEntry, fault: str) -> None:
    assert list(messages.entry_faults(entry, used=True)) == [fault]


def test_good_translation_passes() -> None:
    entry = polib.POEntry(
        msgid="%(n)s row",
        msgid_plural="%(n)s rows",
        msgstr_plural={0: "eine Zeile", 1: "%(n)s Zeilen"},
    )

    assert list(messages.entry_faults(entry, used=True)) == []
