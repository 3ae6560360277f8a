"""Interactive messages: buttons, lists, links and requests, with Meta's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.graph.fields import Fields, only_distinct

HEADERS = {"text", "image", "video", "document"}
LONG_BODY = {"list": 4096}


@dataclass(slots=True)
class Shown:
    """What the phone draws."""

    body: str = ""
    header: str = ""
    footer: str = ""
    link: str = ""
    media_id: str | None = None
    buttons: list[dict[str, str]] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)


def interactive(fields: Fields) -> Shown:
    """Raises GraphError where Meta would."""
    kind = fields.text("type")
    if kind not in ACTIONS:
        raise GraphError(131009, f"Interactive type {kind} is not valid.")
    shown = Shown()
    body = fields.child("body")
    shown.body = body.text("text", most=LONG_BODY.get(kind, 1024))
    body.done()
    _header(fields, kind, shown)
    if "footer" in fields:
        shown.footer = fields.child("footer").text("text", most=60)
    action = fields.child("action")
    ACTIONS[kind](action, shown)
    action.done()
    return shown


def _header(fields: Fields, kind: str, shown: Shown) -> None:
    if "header" not in fields:
        return
    header = fields.child("header")
    allowed = HEADERS if kind in ("button", "cta_url") else {"text"}
    header_kind = header.one_of("type", allowed)
    if header_kind == "text":
        shown.header = header.text("text", most=60)
        return
    media = header.child(header_kind)
    if ("id" in media) == ("link" in media):
        raise GraphError(131009, "header: exactly one of id and link is needed.")
    shown.media_id = str(media.raw("id")) if "id" in media else None


def _buttons(action: Fields, shown: Shown) -> None:
    for button in action.children("buttons", most=3):
        button.one_of("type", {"reply"})
        reply = button.child("reply")
        shown.buttons.append(
            {"id": reply.text("id", most=256), "title": reply.text("title", most=20)}
        )
        reply.done()
    only_distinct([button["id"] for button in shown.buttons], "button id")
    only_distinct([button["title"] for button in shown.buttons], "button title")


def _list(action: Fields, shown: Shown) -> None:
    action.text("button", most=20)
    sections = action.children("sections", most=10)
    for section in sections:
        title = section.optional("title", most=24)
        if len(sections) > 1 and not title:
            raise GraphError(131009, "Section title is required with more than one section.")
        for row in section.children("rows", most=10):
            shown.rows.append(_row(row))
        section.done()
    if len(shown.rows) > 10:
        raise GraphError(131009, "Total row count exceed max allowed count: 10")
    only_distinct([row["id"] for row in shown.rows], "row id")


def _row(row: Fields) -> dict[str, str]:
    checked = {
        "id": row.text("id", most=200),
        "title": row.text("title", most=24),
        "description": row.optional("description", most=72),
    }
    row.done()
    return checked


def _link(action: Fields, shown: Shown) -> None:
    action.one_of("name", {"cta_url"})
    parameters = action.child("parameters")
    parameters.text("display_text", most=20)
    shown.link = parameters.text("url", most=2000)


def _named(name: str) -> Callable[[Fields, Shown], None]:
    def check(action: Fields, shown: Shown) -> None:
        action.one_of("name", {name})

    return check


def _flow(action: Fields, shown: Shown) -> None:
    action.one_of("name", {"flow"})
    action.child("parameters")


ACTIONS: dict[str, Callable[[Fields, Shown], None]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
    "location_request_message": _named("send_location"),
    "request_contact_info": _named("request_contact_info"),
    "flow": _flow,
}
