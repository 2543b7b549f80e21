"""picows with the WebSocket routes of script/echo: picows_server.py PORT FOLDER. It has no compression."""

import sys

import uvloop
from picows import WSCloseCode, WSListener, WSMsgType, ws_create_server

ROOM = set()


class Echo(WSListener):
    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), b"")
            transport.disconnect()
        else:
            transport.send(frame.msg_type, frame.get_payload_as_memoryview())


class Broadcast(WSListener):
    def on_ws_connected(self, transport):
        ROOM.add(transport)

    def on_ws_disconnected(self, transport):
        ROOM.discard(transport)

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), b"")
            transport.disconnect()
        else:
            message = frame.get_payload_as_bytes()
            for each in ROOM:
                each.send(frame.msg_type, message)


async def main(port):
    server = await ws_create_server(
        lambda request: Broadcast() if request.path == b"/broadcast" else Echo(), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


uvloop.run(main(int(sys.argv[1])))
