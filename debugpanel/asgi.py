"""Delivering what a process holds when an ASGI server stops it.

Some servers, uvicorn among them, end by the signal that stopped them, and then Python's exit
functions do not run. They do announce their end, by the lifespan protocol, which Django does
not speak:

    application = flush_at_shutdown(get_asgi_application())

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from debugpanel import recorder

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

FLUSH_S = 2.0


def flush_at_shutdown(application: Application) -> Application:
    """Wrap Django's ASGI application: answer the lifespan protocol, pass everything else on."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await application(scope, receive, send)

    return serve


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.to_thread(recorder.writer.flush, FLUSH_S)
    await send({"type": "lifespan.shutdown.complete"})
