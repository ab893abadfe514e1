"""What a user of climateclaw-client does, run by the Python of its own environment; prints as JSON what came of it.

It reads ``{"url", "token"}`` as JSON from its standard input and takes ``sync`` or ``async`` as its argument. The
package is used as it is installed: the token goes into the headers that it lets its user choose.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
from climateclaw_client.client import AsyncClimateClaw, ClimateClaw

UNKNOWN = "u" * 32


async def done(value: Any) -> Any:
    """Return what a call of either client comes to."""
    return await value if inspect.isawaitable(value) else value


def told(conversation: Any) -> list[list[Any]]:
    """Return a conversation as the client joins it, without its hints."""
    return [[one.variant, one.content] for one in conversation.messages if one.variant != "ServerHint"]


async def failure(call: Any) -> str:
    """Return what a call raises."""
    try:
        await done(call())
    except (ValueError, IndexError, ConnectionError) as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


async def streamed(client: Any, question: str) -> dict[str, Any]:
    """Ask as a stream and return the pieces for the screen and the whole."""
    stream = await done(client.prompt(question, stream=True))
    shown = []
    if isinstance(client, ClimateClaw):
        with stream:
            shown = list(stream.iter_for_markdown())
    else:
        async with stream:
            shown = [piece async for piece in stream.aiter_for_markdown()]
    return {"shown": shown, "told": told(stream.conversation)}


async def left(client: Any) -> list[list[Any]]:
    """Ask what is never answered whole, leave after the first words, which stops it, and return what is kept."""
    stream = await done(client.prompt("stuck", stream=True))
    if isinstance(client, ClimateClaw):
        with stream:
            for variant, _ in stream.iter_for_markdown():
                if variant == "Assistant":
                    break
    else:
        async with stream:
            async for variant, _ in stream.aiter_for_markdown():
                if variant == "Assistant":
                    break
    return told(await done(client.getthread()))


async def use(client: Any) -> dict[str, Any]:
    """Use all of a client."""
    found: dict[str, Any] = {"models": client.available_models}
    found["first"] = await done(client.newthread())
    found["hello"] = await streamed(client, "hello")
    found["figures"] = await streamed(client, "figures")
    second = found["second"] = await done(client.newthread())
    plain = await done(client.prompt("figures"))
    found["plain"] = {"told": told(plain), "code": plain.code_cells, "images": [one.content for one in plain.images]}
    found["slowly"] = await streamed(client, "written slowly")
    thread = await done(client.getthread())
    sizes = [one.to_pil_image().size for one in thread.images]
    found["thread"] = {"told": told(thread), "printed": str(thread), "sizes": sizes}
    found["topic"] = await done(client.setthreadtopic(f"Rain in Kiel {second}"))
    found["left thread"] = await done(client.newthread())
    found["left"] = await left(client)
    total, threads = await done(client.getuserthreads(num_threads=3))
    listed = [{**one, "content": told(one["content"])} for one in threads]
    found["threads"] = {"total": total, "threads": listed}
    total, threads = await done(client.searchthreads(f"RAIN in kiel {second}"))
    found["found"] = {"total": total, "ids": [one["thread_id"] for one in threads], "told": told(threads[0]["content"])}
    found["nothing"] = (await done(client.searchthreads("snow in Oslo")))[0]
    new_id, history = await done(client.editthread(1, source_thread_id=second))
    found["fork"] = {"id": new_id, "told": told(history)}
    opinions = ("up", "down", "remove", "up")
    found["feedback"] = [await done(client.userfeedback(0, one, thread_id=second)) for one in opinions]
    found["errors"] = {
        "rated beyond": await failure(lambda: client.userfeedback(99, "up", thread_id=second)),
        "rated unknown": await failure(lambda: client.userfeedback(0, "up", thread_id=UNKNOWN)),
        "forked beyond": await failure(lambda: client.editthread(9, source_thread_id=second)),
        "forked unknown": await failure(lambda: client.editthread(0, source_thread_id=UNKNOWN)),
    }
    found["stopped"] = [await done(client.stop(second)), await done(client.stop(UNKNOWN))]
    await done(client.deletethread(second))
    found["errors"]["deleted"] = await failure(lambda: client.getthread(second))
    return found


def main() -> None:
    """Do all of it."""
    logging.disable(logging.WARNING)  # it warns of each route that it does not know
    given = json.load(sys.stdin)
    headers = {"Authorization": f"token {given['token']}"}
    store = str(Path(tempfile.mkdtemp()) / "tokens.json")
    options = {"token_store_path": store, "interactive_auth": False, "max_retries": 0}
    client = ClimateClaw(base_url=given["url"], model="second", custom_headers=headers, **options)
    if sys.argv[1] == "async":
        transport = httpx.AsyncClient(base_url=client.base_url, headers=client.headers, timeout=30)
        client = AsyncClimateClaw(base_url=given["url"], model="second", http_client=transport, **options)
    json.dump(asyncio.run(use(client)), sys.stdout)


if __name__ == "__main__":
    main()
