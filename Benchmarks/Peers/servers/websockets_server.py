"""The package websockets with the routes of script/echo: websockets_server.py PORT FOLDER [--compressed]."""

import sys

import uvloop
from websockets.asyncio.server import broadcast, serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

ROOM = set()


async def handle(peer):
    if peer.request.path == "/ws":
        async for message in peer:
            await peer.send(message)
        return
    ROOM.add(peer)
    try:
        async for message in peer:
            broadcast(ROOM, message)
    finally:
        ROOM.discard(peer)


async def main(port, compressed):
    extensions = None
    if compressed:
        extensions = [ServerPerMessageDeflateFactory(server_no_context_takeover=True)]
    # Its pings would come into the middle of a measurement of others that send none.
    async with serve(
        handle, "127.0.0.1", port, compression=None, extensions=extensions, max_size=16 << 20, ping_interval=None,
        backlog=4096,
    ) as server:
        await server.serve_forever()


uvloop.run(main(int(sys.argv[1]), "--compressed" in sys.argv[3:]))
