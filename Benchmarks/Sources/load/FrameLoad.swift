import ArgumentParser
import Glibc
import WebSocket

/// The frame reader alone, without a socket: the share of a message's cost that is ours and not the kernel's.
struct FrameLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "frames", abstract: "How long the server's frame reader takes for a message.")

    @Option(help: "The bytes of a message.") var size = 20
    @Option(help: "How many messages to read, in millions.") var millions = 10.0
    @Flag(help: "Binary messages instead of text.") var binary = false

    func validate() throws {
        guard 1...Limits.messageSize ~= size else {
            throw ValidationError("expected a size of 1 to \(Limits.messageSize)")
        }
        guard 0.001...1_000 ~= millions else { throw ValidationError("expected 0.001 to 1000 millions") }
    }

    func run() throws {
        var keys = MaskKeys()
        let payload = [UInt8](repeating: UInt8(ascii: "f"), count: size)
        let perRead = max(1, 65_536 / (size + 14))
        let wire = (0..<perRead).flatMap { _ in Frame.bytes(binary ? .binary : .text, payload, mask: keys.next()) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: wire.count, alignment: 64)
        defer { buffer.deallocate() }
        let reads = max(1, Int(millions * 1e6) / perRead)

        // Unmasking is in place, so every read begins with a copy; it is timed apart and taken off.
        let start = nanoseconds()
        for _ in 0..<reads { wire.withUnsafeBytes(buffer.copyMemory) }
        let copying = nanoseconds() - start

        var connection = WebSocketConnection(role: .server)
        var bytes = 0
        let begin = nanoseconds()
        for _ in 0..<reads {
            wire.withUnsafeBytes(buffer.copyMemory)
            var input = buffer
            while let event = connection.next(in: &input) {
                switch event {
                case .text(let payload), .binary(let payload): bytes += payload.count
                default: throw Failure(description: "expected a message, got \(event)")
                }
            }
        }
        let took = nanoseconds() - begin - copying
        guard bytes == reads * perRead * size else { throw Failure(description: "expected every byte back") }
        let each = Double(took) / Double(reads * perRead)
        print("frames: \(reads * perRead) of \(size) B · \(each.text(1)) ns a message")
    }
}
