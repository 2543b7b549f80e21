import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Depot

/// Rows 35, 41, 42 and 46; F-D3.
@Suite struct BotTests {
    static let list = ListID(rawValue: UUID())
    static let other = ListID(rawValue: UUID())
    static let registered = Bot.Event.botRegistered(name: "R1")
    static let idle: [Bot.Event] = [registered, .botOnline, .botIdled]
    static let active = idle + [.botActivated(listId: list)]
    static let recalled = active + [.botRecalled(listId: list, reason: "rain")]

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Bot.self,
            states: [
                "absent": [], "offline": [Self.registered], "idle": Self.idle, "active": Self.active,
                "recalled": Self.recalled, "lost": Self.idle + [.botLost(listId: nil)],
                "lost with a list": Self.active + [.botLost(listId: Self.list)],
                "retired": [Self.registered, .botRetired],
            ],
            commands: [
                "register": .register(name: "R1"), "greet": .greet(held: nil),
                "greet with the list": .greet(held: Self.list), "greet with another": .greet(held: Self.other),
                "activate": .activate(Self.list), "activate another": .activate(Self.other),
                "finish": .finish(Self.list), "finish another": .finish(Self.other),
                "recall": .recall(nil, reason: "rain"), "recall from the list": .recall(Self.list, reason: "rain"),
                "recall from another": .recall(Self.other, reason: "rain"), "leave": .leave(reason: "charging"),
                "lose": .lose, "come back": .comeBack, "retire": .retire,
            ])
        #expect(table == Self.answers)
    }

    @Test func `a robot that says hello goes on with its list, brings back what is not its own, or is ready`() {
        func greeting(_ past: [Bot.Event], _ held: ListID?) -> Greeting {
            given(Bot.self, past).after(.greet(held: held)).state.greeting(held: held)
        }
        #expect(greeting([Self.registered], nil) == Greeting())
        #expect(greeting(Self.active, nil) == Greeting(resume: Self.list))
        #expect(greeting(Self.active, Self.list) == Greeting(resume: Self.list))
        #expect(greeting(Self.active, Self.other) == Greeting(resume: Self.list, recall: Self.other))
        #expect(greeting(Self.active + [.botLost(listId: Self.list)], Self.list) == Greeting(recall: Self.list))
        #expect(greeting(Self.idle, Self.other) == Greeting(recall: Self.other))
        #expect(greeting(Self.recalled, Self.list) == Greeting(recall: Self.list))
        #expect(greeting(Self.recalled, nil) == Greeting())
    }

    @Test func `a robot's name is its own in any spelling, until it is out of service`() {
        let claim = Claim(scope: "depot.botName", value: "r 1", taken: "")
        #expect(given(Bot.self, [.botRegistered(name: "R  1")]).state.claims == [claim])
        #expect(given(Bot.self, [.botRegistered(name: "R  1")]).after(.retire).state.claims == [])
        #expect(given(Bot.self).refusal(of: .register(name: " "))?.field == "name")
    }

    @Test func `no sequence of commands breaks a robot`() {
        Seeded.check { random in
            wander(Bot.self, using: &random) { random in
                let list = Bool.random(using: &random) ? Self.list : Self.other
                return switch Int.random(in: 0..<14, using: &random) {
                case 0, 1: .register(name: "R1")
                case 2: .greet(held: list)
                case 3...5: .greet(held: nil)
                case 6, 7: .activate(list)
                case 8: .finish(list)
                case 9: .recall(list, reason: "rain")
                case 10: .leave(reason: "")
                case 11: .lose
                case 12: .comeBack
                default: Int.random(in: 0..<5, using: &random) == 0 ? .retire : .comeBack
                }
            }
        }
    }
}
