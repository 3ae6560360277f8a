"""What a file is, its bytes say; what could act is nothing that we keep."""

import io

import pytest
from PIL import Image

from sessions_app.whatsapp.media_types import sniff
from sessions_app.whatsapp.pictures import BadPicture, cleaned
from tests.sessions_app.inbound import files

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (files.photo(), "image/jpeg"),
        (files.png(), "image/png"),
        (files.sticker(), "image/webp"),
        (b"%PDF-1.7\n...", "application/pdf"),
        ("Zähler 12345\r\n\tStand: 7\n".encode(), "text/plain"),
        ("\ufeffStraße".encode(), "text/plain"),
        ("Straße".encode("latin-1"), "text/plain"),
        (files.docx(), WORD),
        (files.odt(), "application/vnd.oasis.opendocument.text"),
        (files.doc("WordDocument"), "application/msword"),
        (files.doc("Workbook"), "application/vnd.ms-excel"),
    ],
)
def test_harmless_types_are_recognised(content: bytes, expected: str) -> None:
    assert sniff(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        b"\xef\xbb\xbf  <!DOCTYPE html><p>",
        b"Hallo <script>alert(1)</script>",
        b"text\n<?xml version='1.0'?>",
        b"#!/bin/sh\nrm -rf /",
        b"%!PS-Adobe",
        b"MZ\x90\x00\x03",
        b"\x7fELF\x02",
        b"GIF89a\x01\x00",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"a\x00b",
        files.zipped(**{"a.exe": "MZ"}),
        files.docx(**{"word/vbaProject.bin": "x"}),
        files.docx(**{"word/activeX/activeX1.xml": "x"}),
        files.zipped(**{"word/document.xml": "<x/>"}),
        files.odt(**{"Basic/Standard/Module1.xml": "x"}),
        files.zipped(mimetype="application/x-evil", **{"content.xml": "x"}),
        b"PK\x03\x04 broken",
        files.doc("WordDocument", "_VBA_PROJECT"),
        files.doc("Installer"),
    ],
)
def test_what_could_act_is_of_no_type(content: bytes) -> None:
    assert sniff(content) is None


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_photo_loses_place_camera_and_comment() -> None:
    clean = cleaned(files.photo(), "image/jpeg")

    assert not [mark for mark in (files.PLACE, b"CANARY", b"Exif") if mark in clean]
    assert (opened(clean).format, dict(opened(clean).getexif())) == ("JPEG", {})


def test_photo_stands_upright_without_its_exif() -> None:
    clean = opened(cleaned(files.photo(64, 32, orientation=6), "image/jpeg"))

    assert clean.size == (32, 64)
    red, _, blue = clean.convert("RGB").getpixel((16, 4))  # type: ignore[misc]
    assert red > 200 > blue


def test_png_keeps_transparency_and_loses_its_author() -> None:
    clean = cleaned(files.png(), "image/png")

    assert b"CANARY" not in clean
    assert opened(clean).getpixel((0, 0)) == (255, 0, 0, 64)


def test_animation_keeps_its_first_frame() -> None:
    clean = opened(cleaned(files.sticker(), "image/webp"))

    assert getattr(clean, "n_frames", 1) == 1


def test_what_is_hidden_behind_a_picture_goes() -> None:
    assert b"<script>" not in cleaned(files.photo() + b"<script>x</script>", "image/jpeg")


@pytest.mark.parametrize(
    ("content", "claimed"),
    [
        (files.photo()[:200], "image/jpeg"),
        (b"\xff\xd8\xff not a photo", "image/jpeg"),
        (files.png(), "image/jpeg"),
    ],
)
def test_broken_picture_is_none(content: bytes, claimed: str) -> None:
    with pytest.raises(BadPicture):
        cleaned(content, claimed)


def test_picture_too_large_to_decode_is_refused_before_decoding() -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")

    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(BadPicture):
        cleaned(bomb.getvalue(), "image/png")
