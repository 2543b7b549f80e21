// node's own HTTP server and Debian's ws with the routes of script/echo: node.js PORT FOLDER [--compressed].
"use strict"
const http = require("http")
const { WebSocketServer, WebSocket } = require("/usr/share/nodejs/ws")

const [port, , mode] = process.argv.slice(2)
const bodies = {
  "/plaintext": ["text/plain", "Hello, World!"],
  "/json": ["application/json", '{"message":"Hello, World!"}'],
}

const server = http.createServer((request, response) => {
  const [type, body] = bodies[request.url] ?? ["text/plain", ""]
  response.writeHead(body ? 200 : 404, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) })
  response.end(body)
})

// Below the threshold, 1,024 bytes unless it is set, nothing would be compressed.
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: mode === "--compressed" && { threshold: 0, serverNoContextTakeover: true },
})
const room = new Set()

server.on("upgrade", (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, peer => {
    if (request.url === "/ws") {
      peer.on("message", (data, binary) => peer.send(data, { binary }))
    } else {
      room.add(peer)
      peer.on("close", () => room.delete(peer))
      peer.on("message", (data, binary) => {
        for (const each of room) if (each.readyState === WebSocket.OPEN) each.send(data, { binary })
      })
    }
  })
})
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 })
