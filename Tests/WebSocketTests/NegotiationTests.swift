import Testing

@testable import WebSocket

@Suite struct ExtensionFieldTests {
    private typealias Parameter = ExtensionField.Parameter

    @Test func `a list is read with its parameters, quoted or not, and empty elements passed over`() {
        #expect(ExtensionField.parse("") == [])
        #expect(ExtensionField.parse(" , ,") == [])
        #expect(ExtensionField.parse("foo") == [ExtensionField(name: "foo")])
        #expect(
            ExtensionField.parse("a;b ; c=1 ;d=\"e\\f\",\tg; b")
                == [
                    ExtensionField(
                        name: "a",
                        parameters: [
                            Parameter(name: "b", value: nil), Parameter(name: "c", value: "1"),
                            Parameter(name: "d", value: "ef"),
                        ]),
                    ExtensionField(name: "g", parameters: [Parameter(name: "b", value: nil)]),
                ])
    }

    @Test(arguments: [
        "a b", "a;", "a;;b", "a; b=", "a; b=\"\"", "a; b=\"c", "a; b=\"c d\"", "a; b=\"c,d\"", ";a", "=", "a=b",
        "a; =b",
        "a; b=\"c\"d", "é", "a; b=\"\\", "a/b",
    ])
    func `what is not in the field's form is no list`(text: String) {
        #expect(ExtensionField.parse(text) == nil)
    }
}

/// What each side makes of RFC 7692 §7.1.
@Suite struct NegotiationTests {
    private static func answer(_ offer: String, _ policy: PerMessageDeflate.Policy = .own) -> String? {
        PerMessageDeflate.answer(ExtensionField.parse(offer)!, policy)?.text
    }

    private static let wide = PerMessageDeflate.Policy(takesOver: true)
    private static let narrow = PerMessageDeflate.Policy(takesOver: true, serverWindowBits: 11, clientWindowBits: 10)

    @Test(
        arguments: [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
            ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
            ("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"),
            ("permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"),
            ("permessage-deflate; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9"),
            ("permessage-deflate; client_max_window_bits=15", "permessage-deflate"),
            // The order of the parameters and other extensions do not matter.
            (
                "permessage-foo; x=1, permessage-deflate; client_max_window_bits; server_max_window_bits=12; "
                    + "client_no_context_takeover; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
            ),
        ] as [(String, String)])
    func `an offer is answered with what it asks for`(offer: String, answer: String) {
        #expect(Self.answer(offer, Self.wide) == answer)
    }

    @Test(
        arguments: [
            ("permessage-deflate", "permessage-deflate; server_max_window_bits=11"),
            (
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate; server_max_window_bits=11; client_max_window_bits=10"
            ),
            (
                "permessage-deflate; client_max_window_bits=9; server_max_window_bits=9",
                "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9"
            ),
            (
                "permessage-deflate; client_max_window_bits=15; server_max_window_bits=15",
                "permessage-deflate; server_max_window_bits=11; client_max_window_bits=10"
            ),
        ] as [(String, String)])
    func `a server that wants smaller windows says so, but tells no client of what it does not know`(
        offer: String, answer: String
    ) {
        #expect(Self.answer(offer, Self.narrow) == answer)
    }

    @Test func `a server that shares keeps nothing on either side`() {
        #expect(
            Self.answer("permessage-deflate; client_max_window_bits", .shared)
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    }

    @Test(arguments: [
        "", "permessage-foo", "Permessage-Deflate", "permessage-deflate; unknown", "permessage-deflate; unknown=1",
        "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=08",
        "permessage-deflate; server_max_window_bits=+9", "permessage-deflate; server_max_window_bits=9a",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=99999999999999999999",
        "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_max_window_bits=9; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
    ])
    func `an offer that is not valid is declined, and the next one taken`(offer: String) {
        #expect(Self.answer(offer, Self.wide) == nil)
        #expect(
            Self.answer(offer + ", permessage-deflate; server_max_window_bits=9, permessage-deflate", Self.wide)
                == "permessage-deflate; server_max_window_bits=9")
    }

    private func judge(_ extensions: String?, _ policy: PerMessageDeflate.Policy?) throws -> ServerHandshake.Acceptance
    {
        try ServerHandshake.judge(method: "GET", subprotocols: [], compression: policy) {
            $0 == "sec-websocket-extensions" ? extensions : ServerHandshakeTests.fields[$0]
        }
    }

    @Test func `the answer stands in the handshake, and only if compression is wanted`() throws {
        let accepted = try judge("permessage-deflate; server_max_window_bits=10", .own)
        #expect(accepted.compression?.serverWindowBits == 10)
        #expect(
            accepted.fields.contains {
                $0 == ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=10")
            })
        for declined in [try judge("permessage-deflate", nil), try judge("permessage-foo", .own), try judge(nil, .own)]
        {
            #expect(declined.compression == nil)
            #expect(!declined.fields.contains { $0.name == "Sec-WebSocket-Extensions" })
        }
    }

    @Test func `extensions that are not in the field's form are a bad request, wanted or not`() throws {
        for policy in [nil, PerMessageDeflate.Policy.own] {
            let refusal = try #require(throws: ServerHandshake.Refusal.self) {
                try judge("permessage-deflate; x=\"", policy)
            }
            #expect(refusal.status == 400)
        }
    }

    private static func agreed(_ answer: String, to offers: [PerMessageDeflate.Offer]) -> PerMessageDeflate? {
        PerMessageDeflate(answer: ExtensionField.parse(answer)![0], to: offers)
    }

    private static func offer(_ change: (inout PerMessageDeflate.Offer) -> Void) -> PerMessageDeflate.Offer {
        var offer = PerMessageDeflate.Offer()
        change(&offer)
        return offer
    }

    @Test func `a client takes an answer that one of its offers allows`() throws {
        let plain = try #require(Self.agreed("permessage-deflate", to: [Self.offer { _ in }]))
        #expect(plain == PerMessageDeflate())
        // A server may do more than it was asked for.
        let more = try #require(
            Self.agreed(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9",
                to: [Self.offer { _ in }]))
        #expect(!more.serverTakesOver && !more.clientTakesOver && more.serverWindowBits == 9)
        let told = Self.agreed(
            "permessage-deflate; client_max_window_bits=10", to: [Self.offer { $0.clientWindow = .adjustable }])
        #expect(told?.clientWindowBits == 10)
        let kept = Self.agreed(
            "permessage-deflate; client_max_window_bits=12",
            to: [
                Self.offer {
                    $0.clientWindow = .atMost(11)
                    $0.clientNoTakeover = true
                }
            ])
        #expect(kept?.clientWindowBits == 11 && kept?.clientTakesOver == false)
    }

    @Test(arguments: [
        "permessage-foo", "permessage-deflate; unknown", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=10", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    ])
    func `a client refuses an answer that is not valid, or names what it did not offer`(answer: String) {
        #expect(Self.agreed(answer, to: [Self.offer { _ in }]) == nil)
        #expect(Self.agreed("permessage-deflate", to: []) == nil)
    }

    @Test func `a client refuses an answer that leaves out what it asked for`() {
        #expect(Self.agreed("permessage-deflate", to: [Self.offer { $0.serverNoTakeover = true }]) == nil)
        #expect(Self.agreed("permessage-deflate", to: [Self.offer { $0.serverWindowBits = 10 }]) == nil)
        #expect(
            Self.agreed("permessage-deflate; server_max_window_bits=11", to: [Self.offer { $0.serverWindowBits = 10 }])
                == nil)
    }

    @Test func `both sides read the same from what they say`() throws {
        let flags = [false, true]
        let windows: [PerMessageDeflate.Offer.ClientWindow] = [.fixed, .adjustable, .atMost(9), .atMost(15)]
        for (server, client) in flags.flatMap({ server in flags.map { (server, $0) } }) {
            for window in windows {
                for bits in [nil, 8, 12, 15] as [Int?] {
                    let offer = Self.offer {
                        ($0.serverNoTakeover, $0.clientNoTakeover) = (server, client)
                        ($0.clientWindow, $0.serverWindowBits) = (window, bits)
                    }
                    for policy in [Self.wide, Self.narrow, .shared, .own] {
                        let answer = try #require(PerMessageDeflate.answer(ExtensionField.parse(offer.text)!, policy))
                        #expect(
                            Self.agreed(answer.text, to: [offer]) == answer.agreed, "\(offer.text) → \(answer.text)")
                    }
                }
            }
        }
    }
}
