"""The addresses of the Graph API, with and without a version in front."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.graph import account, directory, files
from sprechstunde.simulator.graph.fields import Json
from sprechstunde.simulator.graph.nodes import node, number
from sprechstunde.simulator.graph.sending import ConnectionCut, mark_read, send
from sprechstunde.simulator.phones import end_call
from sprechstunde.simulator.simulation import Simulation

Handler = Callable[[Simulation, Request], Awaitable[dict[str, Any] | Response]]


def graph(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Latency, token, and Meta's way to answer errors, around one handler."""

    async def endpoint(request: Request) -> Response:
        sim: Simulation = request.app.state.sim
        if delay := sim.dice.within(sim.faults.latency):
            await asyncio.sleep(delay)
        try:
            authorise(sim, request)
            answer = await handler(sim, request)
        except GraphError as error:
            return JSONResponse(error.body(secrets.token_urlsafe(8)), error.status)
        except ConnectionCut:
            request.scope["cut"]()
            return Response(status_code=500)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return endpoint


def authorise(sim: Simulation, request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else request.query_params.get("access_token", "")
    if not secrets.compare_digest(given.encode(), sim.config.access_token.encode()):
        raise GraphError(190, "The access token could not be decrypted.")
    path_node = request.path_params.get("number")
    if path_node is not None and path_node != sim.config.phone_number_id:
        raise GraphError(100, f"Object with ID '{path_node}' does not exist", subcode=33)
    account_id = request.path_params.get("account")
    if account_id is not None and account_id != sim.config.waba_id:
        raise GraphError(100, f"Object with ID '{account_id}' does not exist", subcode=33)


async def body_of(request: Request) -> Json:
    try:
        return json.loads(await request.body() or b"{}")
    except ValueError:
        raise GraphError(100, "Invalid JSON in the request body.") from None


async def messages(sim: Simulation, request: Request) -> dict[str, Any]:
    body = await body_of(request)
    if isinstance(body, dict) and "status" in body:
        if body.get("messaging_product") != "whatsapp" or body["status"] != "read":
            raise GraphError(131009, "status must be read.")
        return mark_read(sim, body)
    answer = send(sim, body)
    if sim.world.sends[answer["messages"][0]["id"]].answer == "late":
        await asyncio.sleep(sim.dice.within(sim.faults.late_seconds))
    return answer


async def calls(sim: Simulation, request: Request) -> dict[str, Any]:
    body = await body_of(request)
    call = sim.world.calls.get(str(body.get("call_id")))
    if body.get("action") not in ("reject", "terminate"):
        raise GraphError(131009, "Only reject and terminate are simulated.")
    if call is None or call.state != "ringing":
        raise GraphError(138006, "The call does not exist or has ended.")
    end_call(sim, call, "rejected" if body["action"] == "reject" else "ended")
    return {"messaging_product": "whatsapp", "success": True}


async def get_node(sim: Simulation, request: Request) -> dict[str, Any]:
    identity = request.path_params["node"]
    return node(sim, identity, request.query_params.get("fields", ""))


async def delete_node(sim: Simulation, request: Request) -> dict[str, Any]:
    return files.delete(sim, request.path_params["node"])


async def change_node(sim: Simulation, request: Request) -> dict[str, Any]:
    """`webhook_configuration` of the number: an own callback address."""
    body = await body_of(request)
    override = body.get("webhook_configuration") if isinstance(body, dict) else None
    if not isinstance(override, dict) or request.path_params["node"] != sim.config.phone_number_id:
        raise GraphError(100, "Unsupported post request.", subcode=33)
    return await account.subscribe(sim, override, url="override_callback_uri", token="verify_token")  # noqa: S106


async def download(sim: Simulation, request: Request) -> Response:
    return files.download(sim, request)


async def numbers(sim: Simulation, request: Request) -> dict[str, Any]:
    return {"data": [number(sim)]}


async def own_callback(sim: Simulation, request: Request) -> dict[str, Any]:
    body = await body_of(request)
    return await account.subscribe(sim, body, url="override_callback_uri", token="verify_token")  # noqa: S106


async def app_callback(sim: Simulation, request: Request) -> dict[str, Any]:
    body = {**dict(request.query_params), **_form_or_json(await request.body())}
    if body.get("object") != "whatsapp_business_account":
        raise GraphError(100, "object must be whatsapp_business_account.")
    return await account.subscribe(sim, body, url="callback_url", token="verify_token")  # noqa: S106


def _form_or_json(body: bytes) -> dict[str, Any]:
    if body[:1] == b"{":
        return dict(json.loads(body))
    return dict(parse_qsl(body.decode("utf-8", "replace")))


async def unsubscribe(sim: Simulation, request: Request) -> dict[str, Any]:
    sim.world.business.subscribed = False
    return account.SUCCESS


def reading(get: Callable[[Simulation], dict[str, Any]]) -> Handler:
    async def handler(sim: Simulation, request: Request) -> dict[str, Any]:
        return get(sim)

    return handler


def writing(change: Callable[[Simulation, Json], dict[str, Any]]) -> Handler:
    async def handler(sim: Simulation, request: Request) -> dict[str, Any]:
        return change(sim, await body_of(request))

    return handler


def named(act: Callable[[Simulation, str], dict[str, Any]]) -> Handler:
    async def handler(sim: Simulation, request: Request) -> dict[str, Any]:
        return act(sim, request.path_params["code"])

    return handler


ENDPOINTS: list[tuple[str, str, Handler]] = [
    ("POST", "/{number}/messages", messages),
    ("POST", "/{number}/media", files.upload),
    ("POST", "/{number}/calls", calls),
    ("POST", "/{number}/register", writing(account.register)),
    ("POST", "/{number}/deregister", reading(account.deregister)),
    ("GET", "/{number}/whatsapp_business_profile", reading(account.profile)),
    ("POST", "/{number}/whatsapp_business_profile", writing(account.change_profile)),
    ("GET", "/{number}/settings", reading(account.settings)),
    ("POST", "/{number}/settings", writing(account.change_settings)),
    ("POST", "/{number}/conversational_automation", writing(account.automation)),
    ("GET", "/{number}/block_users", reading(directory.blocked)),
    ("POST", "/{number}/block_users", writing(directory.block)),
    ("DELETE", "/{number}/block_users", writing(directory.unblock)),
    ("GET", "/{number}/message_qrdls", reading(directory.codes)),
    ("POST", "/{number}/message_qrdls", writing(directory.put_code)),
    ("GET", "/{number}/message_qrdls/{code}", named(directory.code)),
    ("DELETE", "/{number}/message_qrdls/{code}", named(directory.delete_code)),
    ("GET", "/{account}/phone_numbers", numbers),
    ("GET", "/{account}/subscribed_apps", reading(account.subscribed_apps)),
    ("POST", "/{account}/subscribed_apps", own_callback),
    ("DELETE", "/{account}/subscribed_apps", unsubscribe),
    ("POST", "/{app}/subscriptions", app_callback),
    ("GET", "/lookaside/whatsapp_business/attachments/", download),
    ("GET", "/{node}", get_node),
    ("POST", "/{node}", change_node),
    ("DELETE", "/{node}", delete_node),
]


def routes() -> list[Route]:
    return [Route(path, graph(handler), methods=[method]) for method, path, handler in ENDPOINTS]
