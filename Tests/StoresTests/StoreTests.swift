import Contracts
import DomainTestSupport
import Kernel
import Testing

@testable import Stores

@Suite struct StoreTests {
    static let created = Store.Event.storeCreated(name: "Bread", location: "A1")
    static let requested: [Store.Event] = [created, .storeParticipationRequested(note: "please")]
    static let participating: [Store.Event] = [created, .storeParticipationEnabled(participating: true)]

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Store.self,
            states: [
                "absent": [], "outside": [Self.created], "requested": Self.requested,
                "participating": Self.participating,
            ],
            commands: [
                "create": .create(name: "Bread", location: "A1"), "rebrand": .rebrand(name: "Loaf"), "enable": .enable,
                "disable": .disable, "request": .request(note: nil), "deny": .deny(note: "no room"),
            ])
        #expect(
            table == """
                absent
                    create → storeCreated
                    rebrand → not_found: there is no such store
                    enable → not_found: there is no such store
                    disable → not_found: there is no such store
                    request → not_found: there is no such store
                    deny → not_found: there is no such store
                outside
                    create → conflict: the store exists already
                    rebrand → storeRebranded
                    enable → storeParticipationEnabled
                    disable → conflict: the store does not take part
                    request → storeParticipationRequested
                    deny → conflict: the store has not asked to take part
                requested
                    create → conflict: the store exists already
                    rebrand → storeRebranded
                    enable → storeParticipationEnabled
                    disable → conflict: the store does not take part
                    request → conflict: the store has asked to take part already
                    deny → storeParticipationDenied
                participating
                    create → conflict: the store exists already
                    rebrand → storeRebranded
                    enable → conflict: the store already takes part
                    disable → storeParticipationDisabled
                    request → conflict: the store already takes part
                    deny → conflict: the store has not asked to take part
                """)
    }

    @Test func `row 1: a store without a name or a location is invalid`() {
        for (name, location, field) in [("", "A1", "name"), (" \t", "A1", "name"), ("Bread", " ", "location")] {
            let refusal = given(Store.self).refusal(of: .create(name: name, location: location))
            #expect(refusal?.kind == .invalid)
            #expect(refusal?.field == field)
        }
    }

    @Test func `names are kept without the white space around them`() {
        #expect(
            given(Store.self).when(.create(name: "  Bread & more\n", location: " A1 "))
                == .success([.storeCreated(name: "Bread & more", location: "A1")]))
    }

    @Test func `a name is at most 200 characters and has no control characters`() {
        func refusal(_ name: String) -> Refusal? {
            given(Store.self).refusal(of: .create(name: name, location: "A1"))
        }
        #expect(refusal(String(repeating: "ü", count: 200)) == nil)
        #expect(refusal(String(repeating: "ü", count: 201))?.message == "name may have at most 200 characters")
        #expect(refusal(String(repeating: "x", count: 1_000_000))?.field == "name")
        #expect(refusal("e" + String(repeating: "\u{301}", count: 300))?.kind == .invalid)
        #expect(refusal("Bre\nad")?.message == "name must not contain control characters")
        #expect(refusal("Bre\u{0}ad")?.kind == .invalid)
    }

    @Test func `F-S2: a store is not renamed to nothing, nor to the name it has`() {
        #expect(given(Store.self, [Self.created]).refusal(of: .rebrand(name: " "))?.field == "name")
        #expect(given(Store.self, [Self.created]).refusal(of: .rebrand(name: "Bread "))?.kind == .invalid)
    }

    @Test func `F-S6: a store asks to take part, is denied, asks again and is let in`() {
        let story = given(Store.self, [Self.created])
            .after(.request(note: "we are ready")).after(.deny(note: "not yet")).after(.request(note: "now?"))
        #expect(story.state == .open(name: "Bread", location: "A1", .requested))
        #expect(story.after(.enable).state == .open(name: "Bread", location: "A1", .participating))
        #expect(story.after(.enable).refusal(of: .deny(note: nil))?.kind == .conflict)
    }

    @Test func `no sequence of commands breaks a store`() {
        Seeded.check { random in
            wander(Store.self, using: &random) { random in
                switch Int.random(in: 0..<6, using: &random) {
                case 0: .create(name: ["Bread", ""].randomElement(using: &random) ?? "", location: "A1")
                case 1: .rebrand(name: ["Loaf", "Bread", "\u{7}"].randomElement(using: &random) ?? "")
                case 2: .enable
                case 3: .disable
                case 4: .request(note: nil)
                default: .deny(note: "no")
                }
            }
        }
    }
}
