"""Files of questions and answers, and the e-mails that answers and replies were cut from."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from routing.enums import Action
from routing.mail import parsing
from routing.mail.parsing import Mail
from routing.models import Answer, AnswerFile, QuestionFile, Reply, Ticket
from routing.services.work import actors, answers, moves, reply_files, sealed_files
from routing.services.work.answer_files import Checked
from routing.services.work.tickets import TicketError
from routing.views.access import ticket_access
from routing.views.ticket_actions import refused
from sessions_app.models import Staff
from sessions_app.queries.excerpts import printable
from sessions_app.views.access import LARGEST_ID, Gone, StaffRequest
from sessions_app.whatsapp.media_types import VIEWABLE


@require_safe
@ticket_access
def answer_file(request: StaffRequest, staff: Staff, ticket: Ticket, file_id: int) -> HttpResponse:
    """Return a file of one of the ticket's answers."""
    return _sealed(_answer_file(ticket, file_id))


@require_safe
@ticket_access
def question_file(
    request: StaffRequest, staff: Staff, ticket: Ticket, file_id: int
) -> HttpResponse:
    """Return a file that came with the question."""
    files = QuestionFile.objects.filter(question=ticket.question_id)
    return _sealed(get_object_or_404(files, pk=_number(file_id)))


@require_POST
@ticket_access
def remove(request: StaffRequest, staff: Staff, ticket: Ticket, file_id: int) -> HttpResponse:
    """Take a file from the draft."""
    file = _answer_file(ticket, file_id)
    try:
        moves.check(ticket, Action.ANSWER, by=actors.of(staff))
        answers.remove_file(file)
    except TicketError as error:
        return refused(request, staff, ticket, error)
    return redirect(f"{reverse('ticket', args=(ticket.pk,))}#editor")


@require_safe
@ticket_access
def answer_original(
    request: StaffRequest, staff: Staff, ticket: Ticket, answer_id: int
) -> HttpResponse:
    """Show the e-mail with which a department answered, as text."""
    rows = Answer.objects.filter(ticket=ticket, original__isnull=False)
    return _original(request, staff, ticket, get_object_or_404(rows, pk=_number(answer_id)))


@require_safe
@ticket_access
def reply_original(
    request: StaffRequest, staff: Staff, ticket: Ticket, reply_id: int
) -> HttpResponse:
    """Show the citizen's e-mail as text, without its headers: they hold the address."""
    return _original(request, staff, ticket, _reply(ticket, reply_id))


@require_safe
@ticket_access
def reply_file(
    request: StaffRequest, staff: Staff, ticket: Ticket, reply_id: int, number: int
) -> HttpResponse:
    """Return the file with this place in the citizen's e-mail; what could do harm is not found."""
    mail = parsing.read(_reply(ticket, reply_id).original or b"")
    if not 0 < number <= len(mail.files):
        raise Http404
    found = reply_files.opened(mail.files[number - 1])
    if not isinstance(found, Checked):
        raise Http404
    return _bytes(found.name, found.media_type, found.data)


def _reply(ticket: Ticket, reply_id: int) -> Reply:
    rows = Reply.objects.filter(ticket=ticket, original__isnull=False)
    return get_object_or_404(rows, pk=_number(reply_id))


def _original(
    request: StaffRequest, staff: Staff, ticket: Ticket, row: Answer | Reply
) -> HttpResponse:
    mail = parsing.read(row.original or b"")
    context = {
        "staff": staff,
        "section": "tickets",
        "ticket": ticket,
        "subject": printable(mail.subject),
        "text": printable(mail.text),
        "is_reply": isinstance(row, Reply),
        "files": _listed(row, mail) if isinstance(row, Reply) else (),
    }
    return render(request, "routing/tickets/original.html", context)


def _listed(reply: Reply, mail: Mail) -> list[dict[str, object]]:
    """Return name, size, media type and address of each file, or the reason why it stays closed."""
    listed: list[dict[str, object]] = []
    for number, file in enumerate(map(reply_files.opened, mail.files), 1):
        if isinstance(file, Checked):
            url = reverse("ticket_reply_file", args=(reply.ticket_id, reply.pk, number))
            facts = {"url": url, "size": len(file.data), "is_viewable": file.media_type in VIEWABLE}
            listed.append({"name": printable(file.name), **facts})
        else:
            listed.append(
                {"name": printable(file.name), "refusal": reply_files.CLOSED[file.reason]}
            )
    return listed


def _answer_file(ticket: Ticket, file_id: int) -> AnswerFile:
    files = AnswerFile.objects.filter(answer__ticket=ticket).select_related("answer__ticket")
    return get_object_or_404(files, pk=_number(file_id))


def _sealed(file: AnswerFile | QuestionFile) -> HttpResponse:
    try:
        content = sealed_files.read(file)
    except FileNotFoundError:  # it is being erased
        raise Gone from None
    return _bytes(file.name, file.media_type, content)


def _bytes(name: str, media_type: str, content: bytes) -> HttpResponse:
    """Return a picture to look at, anything else as a download that never runs."""
    response = HttpResponse(content, content_type=media_type)
    disposition = content_disposition_header(media_type not in VIEWABLE, printable(name))
    response["Content-Disposition"] = disposition or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    patch_cache_control(response, no_store=True, private=True)
    return response


def _number(pk: int) -> int:
    return min(pk, LARGEST_ID)  # a database refuses more, and no row has this one


urlpatterns = [
    path("tickets/<int:pk>/files/<int:file_id>/", answer_file, name="ticket_file"),
    path("tickets/<int:pk>/files/<int:file_id>/remove/", remove, name="ticket_file_remove"),
    path("tickets/<int:pk>/pictures/<int:file_id>/", question_file, name="ticket_picture"),
    path(
        "tickets/<int:pk>/answers/<int:answer_id>/original/",
        answer_original,
        name="ticket_answer_original",
    ),
    path(
        "tickets/<int:pk>/replies/<int:reply_id>/original/",
        reply_original,
        name="ticket_reply_original",
    ),
    path(
        "tickets/<int:pk>/replies/<int:reply_id>/files/<int:number>/",
        reply_file,
        name="ticket_reply_file",
    ),
]
