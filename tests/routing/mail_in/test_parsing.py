"""Reading mails: whatever the bytes, something comes out; and the parts for themselves."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.mail import automatic, bodies, flowed, parsing, replies, reports, tnef
from routing.mail.html_text import text_of_html
from tests.routing.mail_in import corpus_mails
from tests.routing.mail_in.corpus_mails import Expected

TABLE = corpus_mails.table()
MUTATIONS = 15


def read_whole(raw: bytes) -> str:
    """Do with a mail all that is done before a row is written."""
    mail = parsing.read(raw)
    reports.read(mail.message)
    automatic.is_automatic(mail.message)
    return replies.cut(mail.text, sender_name=mail.sender_name)


@pytest.mark.parametrize("row", TABLE, ids=[row.file for row in TABLE])
def test_damaged_mails_never_break_reading(row: Expected) -> None:
    random = Random(row.file)  # noqa: S311 (the same damage in every run)
    for _ in range(MUTATIONS):
        raw = bytearray(row.raw)
        for _hit in range(random.randint(1, 12)):
            at = random.randrange(len(raw))
            raw[at : at + random.randint(0, 6)] = random.randbytes(random.randint(0, 4))
        read_whole(bytes(raw))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    read_whole(raw)


@given(st.text(max_size=400))
def test_cutting_invents_no_words(text: str) -> None:
    words = set(replies.cut(text).replace(">", " ").split())

    assert words <= set(replies.cut(text + " ").replace(">", " ").split()) | words
    assert all(word in _plain(text) for word in words)


@given(st.text(max_size=200))
def test_html_of_any_text_can_be_read(text: str) -> None:
    text_of_html(f"<p>{text}</p><blockquote>{text}")


@given(st.binary(max_size=200))
def test_any_bytes_in_a_package_are_refused_or_unpacked(data: bytes) -> None:
    try:
        tnef.files(b"\x78\x9f\x3e\x22\x01\x00" + data)
    except tnef.NotTnef:
        return


def test_flowed_lines_are_joined_within_their_quote() -> None:
    text = "> eins \n> zwei\nunser \nText\n-- \nSig"

    assert flowed.unwrap(text, delsp=False) == "> eins zwei\nunser Text\n-- \nSig"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\Daten\\Plan.pdf", "C_Daten_Plan.pdf"),
        ("=?utf-8?Q?Stra=C3=9Fe.pdf?=", "Straße.pdf"),
        ("a\x00b\r\n.pdf", "a_b .pdf"),
        (None, "Anhang-1.pdf"),
    ],
)
def test_names_of_files_are_harmless(given: str | None, name: str) -> None:
    assert bodies.file_name(given, "application/pdf", 1) == name


def _plain(text: str) -> str:
    for invisible in "\u200b\u200c\u200d\u2060\ufeff\u00ad":
        text = text.replace(invisible, "")
    return text
