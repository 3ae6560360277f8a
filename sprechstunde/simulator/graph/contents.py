"""What a message of the business may contain, with Meta's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.graph.fields import Fields, Json
from sprechstunde.simulator.graph.interactive import interactive


@dataclass(frozen=True, slots=True)
class Content:
    """A checked message, as far as the phone shows it."""

    kind: str
    text: str = ""
    header: str = ""
    footer: str = ""
    buttons: list[dict[str, str]] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    link: str = ""
    media_id: str | None = None
    filename: str = ""
    location: dict[str, Any] | None = None
    target: str | None = None


def text(fields: Fields) -> Content:
    fields.flag("preview_url")
    return Content("text", text=fields.text("body", most=4096))


def media(kind: str) -> Callable[[Fields], Content]:
    def check(fields: Fields) -> Content:
        if ("id" in fields) == ("link" in fields):
            raise GraphError(131009, f"{kind}: exactly one of id and link is needed.")
        media_id = str(fields.raw("id")) if "id" in fields else None
        link = "" if media_id else fields.text("link", most=2048)
        caption = fields.optional("caption", most=1024) if kind in CAPTIONED else ""
        filename = fields.optional("filename", most=240) if kind == "document" else ""
        if kind == "audio":
            fields.flag("voice")
        return Content(kind, text=caption, link=link, media_id=media_id, filename=filename)

    return check


CAPTIONED = {"image", "video", "document"}


def location(fields: Fields) -> Content:
    place: dict[str, Any] = {key: fields.number(key) for key in ("latitude", "longitude")}
    if not (-90 <= place["latitude"] <= 90 and -180 <= place["longitude"] <= 180):
        raise GraphError(131009, "Latitude or longitude out of range.")
    place |= {key: fields.optional(key, most=1000) for key in ("name", "address")}
    return Content("location", location=place)


def reaction(fields: Fields) -> Content:
    target = fields.text("message_id")
    return Content("reaction", text=fields.text("emoji", most=16, least=0), target=target)


def template(fields: Fields) -> Content:
    name = fields.text("name", most=512)
    language = fields.child("language")
    code = language.text("code", most=15)
    language.raw("policy")
    language.done()
    components = fields.raw("components")
    if components is not None and not isinstance(components, list):
        raise GraphError(132000, "components must be an array.")
    return Content("template", text=f"{name} ({code})")


def contacts(people: Json) -> Content:
    if not isinstance(people, list) or not people:
        raise GraphError(131009, "contacts must be an array with at least one element.")
    names = [Fields(item, "contacts").child("name").text("formatted_name") for item in people]
    return Content("contacts", text=", ".join(names))


def _interactive(fields: Fields) -> Content:
    shown = interactive(fields)
    return Content(
        "interactive",
        text=shown.body,
        header=shown.header,
        footer=shown.footer,
        buttons=shown.buttons,
        rows=shown.rows,
        link=shown.link,
        media_id=shown.media_id,
    )


CHECKS: dict[str, Callable[[Fields], Content]] = {
    "text": text,
    **{kind: media(kind) for kind in ("image", "video", "audio", "document", "sticker")},
    "location": location,
    "reaction": reaction,
    "template": template,
    "interactive": _interactive,
}
TYPES = {*CHECKS, "contacts"}


def content(body: Fields, kind: str) -> Content:
    """Check the object that belongs to the type."""
    if kind == "contacts":
        return contacts(body.raw("contacts"))
    fields = body.child(kind)
    checked = CHECKS[kind](fields)
    fields.done()
    return checked
