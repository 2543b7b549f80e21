import FoundationEssentials
import Kernel
import Testing

/// A message, an event or an answer as the file `Golden/NAME.json` holds it, for ever.
struct Sample: CustomTestStringConvertible {
    let name: String
    let body: [UInt8]
    /// Whether these bytes mean the same as the sample.
    let isMeant: ([UInt8]) throws -> Bool

    var testDescription: String { name }

    /// A public message, as the log and other modules hold it.
    static func said<M: Message>(_ message: M) throws -> Sample {
        Sample(name: M.name, body: try Coding.body(of: message)) { try Coding.decode(M.self, from: $0) == message }
    }

    /// Something that is answered as JSON.
    static func answered<Value: Codable & Equatable>(_ name: String, _ value: Value) throws -> Sample {
        Sample(name: name, body: try Coding.encode(value)) { try Coding.decode(Value.self, from: $0) == value }
    }

    /// Every event of an aggregate. `next` is a total switch that leads from one case to the next, nil before the first and
    /// after the last: an event without a sample does not compile.
    static func stored<D: Decider>(_: D.Type, _ next: (D.Event?) -> D.Event?) throws -> [Sample] {
        var samples: [Sample] = []
        var event = next(nil)
        while let current = event {
            let (type, body) = try Coding.stored(current, of: D.self)
            precondition(!samples.contains { $0.name == type }, "\(type) has two samples")
            samples.append(
                Sample(name: type, body: body) { try Coding.event(of: D.self, type: type, body: $0) == current })
            event = next(current)
        }
        return samples
    }
}

extension ID {
    /// An identifier that every run knows.
    init(_ number: UInt8) {
        self.init(rawValue: UUID(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number)))
    }
}

enum Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let contracts = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/Modules/Contracts")

    static func bytes(of name: String) -> [UInt8]? {
        (try? Data(contentsOf: folder.appending(path: "\(name).json"))).map(Array.init)
    }

    /// Writes a file that is not there yet, when `RECORD_GOLDEN` is set. One that is there is never changed.
    static func record(_ sample: Sample) throws {
        guard ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil, bytes(of: sample.name) == nil else { return }
        try Data(sample.body + [UInt8(ascii: "\n")]).write(to: folder.appending(path: "\(sample.name).json"))
    }
}
