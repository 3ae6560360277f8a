"""What is found in questions as people write them, and what is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.redaction import Finding, Kind, find, redacted

TODAY = date(2026, 11, 21)


def found(text: str, *names: str) -> list[tuple[str, Kind]]:
    findings = find(text, names=names, today=TODAY)
    return [(text[each.start : each.end], each.kind) for each in findings]


@pytest.mark.parametrize(
    ("text", "place", "kind"),
    [
        ("Mein Name ist Max Müller.", "Max Müller", Kind.NAME),
        ("Frau Dr. Schmidt-Meier sagte das", "Dr. Schmidt-Meier", Kind.NAME),
        ("Danke!\nMit freundlichen Grüßen\nKim Muster", "Kim Muster", Kind.NAME),
        ("Rufen Sie 07842 / 802-12 an", "07842 / 802-12", Kind.PHONE),
        ("Mobil +49 151 23456789", "+49 151 23456789", Kind.PHONE),
        ("unter 0171/1234567 oder", "0171/1234567", Kind.PHONE),
        ("Ich wohne Musterweg 3", "Musterweg 3", Kind.ADDRESS),
        ("bei der Ludwig-Uhland-Straße 12 a", "Ludwig-Uhland-Straße 12 a", Kind.ADDRESS),
        ("am Haus Hauptstr. 5", "Hauptstr. 5", Kind.ADDRESS),
        ("Straße der Einheit 5 ist dunkel", "Straße der Einheit 5", Kind.ADDRESS),
        ("aus 77876 Kappelrodeck", "77876 Kappelrodeck", Kind.ADDRESS),
        ("geb. 3.4.85 in Achern", "3.4.85", Kind.BIRTH),
        ("mein Sohn, geboren am 1. Mai 2019", "1. Mai 2019", Kind.BIRTH),
        ("Ich bin vom 12.03.1957", "12.03.1957", Kind.BIRTH),
        ("OG-AB 123 parkt dort", "OG-AB 123", Kind.PLATE),
        ("B XY 4711 steht da", "B XY 4711", Kind.PLATE),
        ("auf DE89 3704 0044 0532 0130 00 bitte", "DE89 3704 0044 0532 0130 00", Kind.IBAN),
        ("DE89370400440532013000", "DE89370400440532013000", Kind.IBAN),
        ("max.m@gmx.de", "max.m@gmx.de", Kind.EMAIL),
        ("max (at) gmx.de", "max (at) gmx.de", Kind.EMAIL),
    ],
)
def test_personal_place_is_found(text: str, place: str, kind: Kind) -> None:
    findings = found(text)

    assert [what for _place, what in findings] == [kind]
    assert place in findings[0][0]


@pytest.mark.parametrize(
    "text",
    [
        "Wann wird die Laterne in der Hauptstraße repariert?",
        "Am 12.03.2026 war das Rathaus zu, bis 31.12.2026?",
        "Ein DIN A 4 Blatt kostet 15 Euro, 3 Wochen Wartezeit",
        "Herr Bürgermeister, wann kommt der Bus 12?",
        "DE12 3456 7890 1234 5678 90 hat falsche Prüfziffern",
        "Um 15:30 Uhr, 20 Personen, 1.250,50 Euro",
        "Ich bin die Mutter von drei Kindern",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_profile_name_is_found_in_all_its_words() -> None:
    assert found("Hier ist erika, Mustermanns Hund ist weg", "Erika Mustermann 🌻") == [
        ("erika", Kind.NAME),
        ("Mustermanns", Kind.NAME),
    ]


def test_redacted_names_the_kind_in_its_place() -> None:
    text = "Ruf 07842 80212 an, Gruß Max"

    assert redacted(text, find(text, today=TODAY)) == (
        f"Ruf [{Kind.PHONE.label}] an, Gruß [{Kind.NAME.label}]"
    )


def test_long_text_without_spaces_takes_no_time() -> None:
    assert find("a" * 3000 + "1" * 3000, today=TODAY) == []


PIECES = st.sampled_from(
    ["Max Müller", "OG-AB 123", "07842 80212", "Musterweg 3", " ", "\n", "ist ", "a@b.de", "geb. "]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=12).map("".join))


@given(text=TEXTS, name=st.text(max_size=20))
def test_findings_lie_in_the_text_in_order_and_apart(text: str, name: str) -> None:
    findings = find(text, names=[name], today=TODAY)

    ends = [0, *(each.end for each in findings)]
    starts = [*(each.start for each in findings), len(text)]
    assert all(end <= start for end, start in zip(ends, starts, strict=True))
    assert all(each.start < each.end for each in findings)


@given(text=TEXTS)
def test_taking_one_out_leaves_all_the_rest(text: str) -> None:
    for each in find(text, today=TODAY):
        rest = redacted(text, [each])

        assert rest == f"{text[: each.start]}[{each.kind.label}]{text[each.end :]}"


@given(
    before=st.text(alphabet="abc \n.", max_size=20),
    after=st.text(alphabet="abc \n.", max_size=20),
    place=st.sampled_from(["max@gmx.de", "+49 151 23456789", "DE89370400440532013000"]),
)
def test_place_is_found_wherever_it_stands(before: str, after: str, place: str) -> None:
    text = f"{before} {place} {after}"

    findings = find(text, today=TODAY)

    start = len(before) + 1
    assert any(each.start <= start and each.end >= start + len(place) for each in findings)


def test_where_two_overlap_one_is_kept() -> None:
    text = "Frau Kim Muster kim.muster@example.org"

    assert all(isinstance(each, Finding) for each in find(text, names=["Kim Muster"], today=TODAY))
    assert ("kim.muster@example.org", Kind.EMAIL) in found(text, "Kim Muster")
