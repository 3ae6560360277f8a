"""Media endpoints: upload, look up, download, delete."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.graph.multipart import parts
from sprechstunde.simulator.simulation import Simulation


async def upload(sim: Simulation, request: Request) -> dict[str, Any]:
    form = parts(await request.body(), request.headers.get("content-type", ""))
    product = form.get("messaging_product")
    if product is None or product.content != b"whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    if "file" not in form:
        raise GraphError(100, "The parameter file is required.")
    file = form["file"]
    given = form["type"].content.decode("latin-1") if "type" in form else ""
    media = sim.media.upload(file.content, given or file.mime_type, file.filename)
    return {"id": media.id}


def look_up(sim: Simulation, media_id: str) -> dict[str, Any]:
    """The address in the answer works for five minutes; `file_size` is a string, as at Meta's."""
    if sim.dice.happens(sim.faults.media_error):
        raise GraphError(131000, "Temporarily no media.")
    media = sim.media.get(media_id)
    return {
        "messaging_product": "whatsapp",
        "url": sim.media.new_url(media),
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "file_size": str(len(media.content)),
        "id": media.id,
    }


def download(sim: Simulation, request: Request) -> Response:
    """404 for an expired address; the caller then asks for the id again."""
    query = request.query_params
    media = sim.media.by_url(query.get("mid", ""), query.get("hash", ""))
    if sim.dice.happens(sim.faults.media_error):
        return JSONResponse(GraphError(131000).body("media"), 500)
    if media is None:
        return JSONResponse(GraphError(131052, "The media URL has expired.").body("media"), 404)
    return Response(media.content, media_type=media.mime_type)


def delete(sim: Simulation, media_id: str) -> dict[str, Any]:
    media = sim.media.get(media_id)
    del sim.world.media[media.id]
    return {"success": True}
