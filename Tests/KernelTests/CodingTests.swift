import FoundationEssentials
import Kernel
import Testing

@Suite struct CodingTests {
    enum Lamp: Decider {
        case dark, lit
        enum Thing {}
        typealias Noun = Thing
        static let category = "lamps.Lamp"
        enum Command { case light }
        enum Event: Codable, Equatable {
            case lampLit(brightness: Int, note: String?)
            case lampDarkened
        }
        init() { self = .dark }
        func decide(_: Command, at _: Instant) throws(Refusal) -> [Event] { [.lampLit(brightness: 1, note: nil)] }
        mutating func apply(_ event: Event) { self = event == .lampDarkened ? .dark : .lit }
    }

    struct Flash: PublicEvent {
        static let name = "lampsapi.Flash"
        static let schemaVersion = 3
        let id: ID<Lamp.Thing>
        let seconds: Int?
    }

    @Test func `an event is stored under its module and case, its labels as JSON behind the schema's version`() throws {
        let stored = try Coding.stored(Lamp.Event.lampLit(brightness: 7, note: "a/\"b\""), of: Lamp.self)
        #expect(stored.type == "lamps.LampLit")
        #expect(String(decoding: stored.body, as: UTF8.self) == #"{"v":1,"brightness":7,"note":"a/\"b\""}"#)
    }

    @Test(arguments: [
        Lamp.Event.lampLit(brightness: 7, note: nil), .lampLit(brightness: .min, note: "ü"), .lampDarkened,
    ])
    func `a stored event reads back the same`(event: Lamp.Event) throws {
        let stored = try Coding.stored(event, of: Lamp.self)
        #expect(try Coding.event(of: Lamp.self, type: stored.type, body: stored.body) == event)
    }

    @Test func `an event without labels is stored as its version alone`() throws {
        #expect(try Coding.stored(Lamp.Event.lampDarkened, of: Lamp.self).body == Array(#"{"v":1}"#.utf8))
    }

    @Test func `a message is stored behind its own schema version, and read with fields nobody knows`() throws {
        let id = ID<Lamp.Thing>(rawValue: UUID())
        let body = try Coding.body(of: Flash(id: id, seconds: nil))
        #expect(String(decoding: body, as: UTF8.self) == #"{"v":3,"id":"\#(id)"}"#)
        let newer = Array(#"{"v":4,"id":"\#(id)","seconds":2,"colour":"red"}"#.utf8)
        #expect(try Coding.decode(Flash.self, from: newer) == Flash(id: id, seconds: 2))
    }

    @Test func `an unknown event is an error and no trap`() {
        for (type, body) in [("lamps.LampStolen", "{}"), ("lamps", "{}"), ("", ""), ("lamps.LampLit", "{\"v\":1}")] {
            #expect(throws: DecodingError.self) {
                try Coding.event(of: Lamp.self, type: type, body: Array(body.utf8))
            }
        }
    }

    @Test(arguments: [
        ("", nil, "the body is not valid JSON, or a number in it is not a whole one that fits 64 bits"),
        ("{", nil, "the body is not valid JSON, or a number in it is not a whole one that fits 64 bits"),
        ("{}", "id", "id is required"), (#"{"id":null}"#, "id", "id must not be null"),
        (#"{"id":5}"#, "id", "id must be a text"), ("[]", nil, "the body must be an object"),
    ])
    func `a body that cannot be read is refused in words`(json: String, field: String?, message: String) throws {
        let error = #expect(throws: (any Error).self) { try Coding.decode(Flash.self, from: Array(json.utf8)) }
        let refusal = Refusal(decoding: try #require(error))
        #expect(refusal.kind == .invalid)
        #expect(refusal.field == field)
        #expect(refusal.message == message)
    }
}
