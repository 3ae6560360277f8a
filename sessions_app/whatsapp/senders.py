"""Who sent a message, under the identity rules of 2026: BSUID first, a phone number perhaps."""

from sessions_app.whatsapp.events import Sender
from sessions_app.whatsapp.reading import Element, child, identifier, objects, phone, text

_NAME_LIMIT = 100
_NO_NAMES = {"~", ".", "-", "_"}


def sender(value: Element, element: Element) -> Sender:
    """Return the sender of a message or call in `value`; falsy if it names nobody."""
    ids = Sender(
        bsuid=identifier(element, "from_user_id"),
        parent_bsuid=identifier(element, "from_parent_user_id"),
        phones=_some(phone(element, "from")),
    )
    contact = _contact_of(ids, objects(value, "contacts"))
    phones = dict.fromkeys((*ids.phones, *_some(phone(contact, "wa_id"))))
    profile = child(contact, "profile")
    return Sender(
        bsuid=ids.bsuid or identifier(contact, "user_id"),
        parent_bsuid=ids.parent_bsuid or identifier(contact, "parent_user_id"),
        phones=tuple(phones),
        name=_name(profile, tuple(phones)),
        username=text(profile, "username", _NAME_LIMIT),
    )


def changed(element: Element) -> tuple[Sender, Sender]:
    """Return under which ids a system message knew its sender, and under which from now on.

    `previous_…` came in August 2026; before that `from` alone told the old number.
    """
    system = child(element, "system")
    current = Sender(
        bsuid=identifier(system, "user_id"),
        parent_bsuid=identifier(system, "parent_user_id"),
        phones=_some(phone(system, "wa_id")),
    )
    bsuids = identifier(system, "previous_user_id") or identifier(element, "from_user_id")
    parents = identifier(system, "previous_parent_user_id")
    previous = Sender(
        bsuid=bsuids if bsuids != current.bsuid else None,
        parent_bsuid=parents if parents != current.parent_bsuid else None,
        phones=tuple(n for n in _some(phone(element, "from")) if n not in current.phones),
    )
    return previous, current


def _contact_of(ids: Sender, contacts: list[Element]) -> Element:
    """Return the contact that belongs to the ids; an only one does unless its BSUID is another's.

    Its `wa_id` may differ from `from`: numbers in Brazil, Argentina and Mexico have two spellings.
    """
    for contact in contacts:
        if ids.bsuid and identifier(contact, "user_id") == ids.bsuid:
            return contact
    for contact in contacts:
        if phone(contact, "wa_id") in ids.phones and not _anothers(contact, ids):
            return contact
    only = contacts[0] if len(contacts) == 1 else {}
    return {} if _anothers(only, ids) else only


def _anothers(contact: Element, ids: Sender) -> bool:
    bsuid = identifier(contact, "user_id")
    return bool(bsuid and ids.bsuid and bsuid != ids.bsuid)


def _name(profile: Element, phones: tuple[str, ...]) -> str | None:
    name = (text(profile, "name", _NAME_LIMIT) or "").strip()
    # A number in the place of the name would show what the desk hides until somebody asks.
    if name in _NO_NAMES or phone({"name": name}, "name") in phones:
        return None
    return name or None


def _some(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()
