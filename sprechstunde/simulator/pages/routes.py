"""Pages and their files; no inline script, no inline style, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


async def overview(request: Request) -> Response:
    return FileResponse(FOLDER / "overview.html", headers=HEADERS)


async def phone(request: Request) -> Response:
    known = request.path_params["citizen"] in request.app.state.sim.world.citizens
    if not known:
        return RedirectResponse("/", 303)
    return FileResponse(FOLDER / "phone.html", headers=HEADERS)


async def mail(request: Request) -> Response:
    return FileResponse(FOLDER / "mail.html", headers=HEADERS)


async def mailbox(request: Request) -> Response:
    return FileResponse(FOLDER / "mailbox.html", headers=HEADERS)


async def faults(request: Request) -> Response:
    return FileResponse(FOLDER / "faults.html", headers=HEADERS)


async def portal(request: Request) -> Response:
    """The portal stands where the webhooks go."""
    parts = urlsplit(request.app.state.sim.outbox.url)
    return RedirectResponse(f"{parts.scheme}://{parts.netloc}/", 303)


async def static(request: Request) -> Response:
    path = FOLDER / request.path_params["name"]
    if path.suffix not in TYPES or not path.is_file():
        return Response(status_code=404)
    return FileResponse(path, media_type=TYPES[path.suffix], headers=HEADERS)


def routes() -> list[Route]:
    return [
        Route("/", overview, methods=["GET"]),
        Route("/phones/{citizen}", phone, methods=["GET"]),
        Route("/mail", mail, methods=["GET"]),
        Route("/mail/{address}", mailbox, methods=["GET"]),
        Route("/faults", faults, methods=["GET"]),
        Route("/portal", portal, methods=["GET"]),
        Route("/static/{name}", static, methods=["GET"]),
    ]
