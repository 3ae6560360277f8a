"""The texts that the office sends by itself: its own, or the product's where it has none."""

from django.template.defaultfilters import date as format_date
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from sessions_app.enums import Notice
from sessions_app.models import ConsultationSession, Office

ERASE_YES = "erase:yes"
ERASE_NO = "erase:no"


def notice(office: Office, kind: Notice, *, privacy_url: str = "") -> str:
    """Return the text of `kind` for citizens of `office`; the privacy link is part of the greeting."""
    own = {
        Notice.GREETING: office.greeting,
        Notice.MEDIA_DECLINED: office.media_notice,
        Notice.PICTURES_DECLINED: office.picture_notice,
        Notice.FAREWELL: office.farewell,
    }.get(kind, "")
    text = own or _default(kind, office)
    if kind is Notice.GREETING and privacy_url and privacy_url not in text:
        text = f"{text}\n\n{_('What happens to your data: %(url)s') % {'url': privacy_url}}"
    return text


def erase_buttons() -> list[tuple[str, str]]:
    """Return id and title (at most 20 characters) of the two buttons of the erase question."""
    return [(ERASE_YES, _("Yes, erase")), (ERASE_NO, _("No, keep"))]


def erased_confirmation() -> str:
    """Return what a citizen is told right before the conversation is erased on request."""
    return _(
        "Your messages are being erased here now. You can write again at any time in this hour."
    )


def outside_notice(office: Office, upcoming: ConsultationSession | None) -> str:
    """Return the notice for a message outside the hour, with the next date in the office's time."""
    text = office.outside_notice or _(
        "Thank you for your message. The consultation hour of %(office)s is closed at the moment; "
        "your message was not stored and cannot be answered."
    ) % {"office": office.name}
    if upcoming is None:
        return text
    return f"{text}\n\n{_('Next consultation hour: %(when)s.') % {'when': when(upcoming)}}"


def when(session: ConsultationSession) -> str:
    """Return date and hours of `session` in words, in the wall-clock time of its office."""
    start = timezone.localtime(session.starts_at, session.office.zone)
    end = timezone.localtime(session.ends_at, session.office.zone)
    return _("%(day)s, %(start)s to %(end)s") % {
        "day": format_date(start, _("l, F j, Y")),
        "start": format_date(start, "H:i"),
        "end": format_date(end, _("H:i")),
    }


def _default(kind: Notice, office: Office) -> str:
    texts = {
        Notice.GREETING: _(
            "Welcome to the consultation hour of %(office)s. Your message has arrived and will be "
            "answered in turn; please be patient when many people write at once.\n\n"
            "Please send no sensitive data. Nothing here replaces a formal application or keeps "
            "a deadline. In an emergency call 110 or 112. After the hour this chat is erased at "
            "the town hall; write “Löschen” to have it erased right away."
        ),
        Notice.MEDIA_DECLINED: _(
            "We cannot take calls, voice messages or videos here. Please write your question as text."
        ),
        Notice.PICTURES_DECLINED: _(
            "We cannot take pictures or files here. Please describe your question in words."
        ),
        Notice.ERASE_QUESTION: _("Shall your messages to us be erased now?"),
        Notice.ERASE_KEPT: _("All right, nothing was erased. You can go on writing."),
        Notice.FAREWELL: _(
            "The consultation hour of %(office)s is over. Thank you for writing. This chat is now "
            "erased at the town hall; messages from now on are not read."
        ),
    }
    return texts[kind] % {"office": office.name}


def in_office_language() -> translation.override:
    """Return a context in which texts come in the language of the office's citizens (German)."""
    return translation.override("de")
