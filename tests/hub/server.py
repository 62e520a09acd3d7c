"""A Hub on a port of this machine: the endpoints that its client needs to push and to load.

It speaks the documented protocol over real connections, keeps what it gets in real files, and
misbehaves where a test asks for it. As a command it is a Hub to try a push on::

    python -m tests.hub.server
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from tests.hub import repositories, transfers, xet
from tests.hub.asking import HUB, Hub, Refused, refusal
from tests.hub.storage import Storage, User


def application(hub: Hub) -> web.Application:
    """Return the application, ready to be served."""
    app = web.Application(client_max_size=1 << 32, middlewares=[watched])
    api = "/api/datasets/{owner}/{name}"
    page = "/datasets/{owner}/{name}"
    app.add_routes(
        [
            web.get("/api/whoami-v2", repositories.whoami),
            web.post("/api/repos/create", repositories.create),
            web.post("/api/validate-yaml", repositories.validate),
            web.get(api, repositories.info),
            web.get(api + "/revision/{revision}", repositories.info),
            web.get(api + "/tree/{revision}", repositories.tree),
            web.get(api + "/tree/{revision}/{path:.+}", repositories.tree),
            web.post(api + "/paths-info/{revision}", repositories.paths_info),
            web.get(api + "/refs", repositories.refs),
            web.get(api + "/commits/{revision}", repositories.commits),
            web.post(api + "/branch/{branch}", repositories.branch),
            web.get(api + "/discussions", repositories.discussions),
            web.post(api + "/preupload/{revision}", transfers.preupload),
            web.post(api + "/commit/{revision}", transfers.commit),
            web.post(page + ".git/info/lfs/objects/batch", transfers.batch),
            web.post(page + ".git/info/lfs/objects/verify", transfers.verify),
            web.get(page + "/resolve/{revision}/{path:.+}", transfers.resolve),
            web.get(api + "/xet-write-token/{revision}", xet.write_token),
            web.post("/xet/v1/xorbs/default/{hash}", xet.xorb),
            web.post("/xet/v1/shards", xet.shard),
            web.put("/store/{owner}/{name}/{oid}", transfers.put),
            web.put("/store/{owner}/{name}/{oid}/{number}", transfers.put_part),
            web.post("/store/{owner}/{name}/{oid}/complete", transfers.complete),
            web.get("/store/{owner}/{name}/{oid}", transfers.download),
        ]
    )
    app[HUB] = hub
    return app


@web.middleware
async def watched(
    request: web.Request,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    hub = request.app[HUB]
    line = f"{request.method} {request.path}"
    hub.requests.append(line)
    hub.tokens.append(request.headers.get("Authorization"))
    fault = next((each for each in hub.faults if re.search(each.where, line)), None)
    if fault is None:
        return await _answered(request, handler)
    fault.times -= 1
    if fault.times <= 0:
        hub.faults.remove(fault)
    if fault.before is not None:
        fault.before()
    await asyncio.sleep(fault.slow)
    if fault.cut_after is not None:
        await _take(request, fault.cut_after)
    elif fault.status is not None:
        await request.read()
        return refusal(fault.status, fault.message, **fault.headers)
    else:
        answer = await _answered(request, handler)
        if not fault.lose_answer:
            return answer
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _answered(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        headers = {"X-Error-Code": refused.code} if refused.code else {}
        return refusal(refused.status, refused.message, **headers)


async def _take(request: web.Request, size: int) -> None:
    """Read at least so many bytes of a body, where it has them."""
    with suppress(asyncio.IncompleteReadError):
        await request.content.readexactly(size)


@contextmanager
def serve(folder: Path, port: int = 0) -> Iterator[Hub]:
    """Serve a Hub until the block ends; large files lie in ``folder``."""
    hub = Hub(Storage(folder))
    loop = asyncio.new_event_loop()
    started = threading.Event()
    stop = asyncio.Event()

    async def main() -> None:
        runner = web.AppRunner(application(hub), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        bound = runner.addresses[0][1]
        hub.url = f"http://127.0.0.1:{bound}"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield hub
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def main() -> None:
    """Serve a Hub for people to push to, until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A Hub on this machine, to try a push on.")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--user", default="ann", help="who the token belongs to")
    parser.add_argument("--token", default="hf_local", help="the token that may write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder), arguments.port) as hub:
        hub.storage.tokens[arguments.token] = User(arguments.user)
        told = f"export HF_ENDPOINT={quote(hub.url, safe=':/')} HF_TOKEN={arguments.token}"
        print(told, flush=True)  # noqa: T201  (the shell's next line)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
