/// What two sides have agreed on about compressing messages (RFC 7692 §7.1). Equal agreements share compressed messages.
public struct PerMessageDeflate: Hashable, Sendable {
    static let name = "permessage-deflate"

    /// Whether the server's messages may refer back to its earlier ones.
    public var serverTakesOver = true
    /// Whether the client's may.
    public var clientTakesOver = true
    /// How far back the server's messages refer, as the logarithm of a window's bytes: 8 to 15.
    public var serverWindowBits = Self.widestWindow
    /// How far back the client's do.
    public var clientWindowBits = Self.widestWindow

    public static let widestWindow = 15
    static let windows = 8...15

    public init() {}

    /// What a server wants of those who offer compression.
    public struct Policy: Hashable, Sendable {
        /// Whether each connection keeps the history of what it sends and receives, or nothing between two messages.
        public var takesOver: Bool
        public var serverWindowBits: Int
        public var clientWindowBits: Int

        public init(takesOver: Bool, serverWindowBits: Int = widestWindow, clientWindowBits: Int = widestWindow) {
            precondition(windows ~= serverWindowBits && windows ~= clientWindowBits, "a window has 8 to 15 bits")
            (self.takesOver, self.serverWindowBits, self.clientWindowBits) =
                (takesOver, serverWindowBits, clientWindowBits)
        }

        /// Nothing is kept between messages: a message to many is compressed once, and a connection at rest costs nothing.
        public static let shared = Policy(takesOver: false)
        /// Each connection has a history of its own both ways, for traffic that is small and like itself. The windows are
        /// what makes a pair of codecs take 82 KiB and not 300.
        public static let own = Policy(takesOver: true, serverWindowBits: 12)
    }

    /// What a client offers (RFC 7692 §7.1), or what a server read of an offer.
    public struct Offer: Hashable, Sendable {
        /// The server must compress each message by itself.
        public var serverNoTakeover = false
        /// The client will compress each message by itself, whatever is answered.
        public var clientNoTakeover = false
        /// The window the server must keep to.
        public var serverWindowBits: Int?
        /// Whether the client can keep to a window it is told, and the one it keeps to in any case.
        public var clientWindow = ClientWindow.fixed

        public enum ClientWindow: Hashable, Sendable {
            case fixed
            case adjustable
            case atMost(Int)
        }

        public init() {}

        /// The parameters of an offer; nil if one is unknown, given twice, or of an invalid value: such an offer is
        /// declined (RFC 7692 §7.1).
        init?(_ field: ExtensionField) {
            guard field.name == name, field.parameters.hasDistinctNames else { return nil }
            for parameter in field.parameters {
                switch (parameter.name, parameter.value) {
                case ("server_no_context_takeover", nil): serverNoTakeover = true
                case ("client_no_context_takeover", nil): clientNoTakeover = true
                case ("server_max_window_bits", let value?):
                    guard let bits = windowBits(value) else { return nil }
                    serverWindowBits = bits
                case ("client_max_window_bits", nil): clientWindow = .adjustable
                case ("client_max_window_bits", let value?):
                    guard let bits = windowBits(value) else { return nil }
                    clientWindow = .atMost(bits)
                default: return nil
                }
            }
        }

        /// As it stands in the request.
        public var text: String {
            var parts = [name]
            if serverNoTakeover { parts.append("server_no_context_takeover") }
            if clientNoTakeover { parts.append("client_no_context_takeover") }
            if let serverWindowBits { parts.append("server_max_window_bits=\(serverWindowBits)") }
            switch clientWindow {
            case .fixed: break
            case .adjustable: parts.append("client_max_window_bits")
            case .atMost(let bits): parts.append("client_max_window_bits=\(bits)")
            }
            return parts.joined(separator: "; ")
        }
    }

    /// What a server agrees to, and how it says so.
    struct Answer: Hashable {
        let agreed: PerMessageDeflate
        let text: String
    }

    /// Answers the first offer that can be taken; nil if there is none.
    static func answer(_ fields: [ExtensionField], _ policy: Policy) -> Answer? {
        fields.lazy.compactMap(Offer.init).first.map { answer($0, policy) }
    }

    private static func answer(_ offer: Offer, _ policy: Policy) -> Answer {
        var agreed = PerMessageDeflate()
        var parts = [name]
        if offer.serverNoTakeover || !policy.takesOver {
            agreed.serverTakesOver = false
            parts.append("server_no_context_takeover")
        }
        if offer.clientNoTakeover || !policy.takesOver {
            agreed.clientTakesOver = false
            parts.append("client_no_context_takeover")
        }
        agreed.serverWindowBits = min(offer.serverWindowBits ?? widestWindow, policy.serverWindowBits)
        if offer.serverWindowBits != nil || agreed.serverWindowBits < widestWindow {
            parts.append("server_max_window_bits=\(agreed.serverWindowBits)")
        }
        switch offer.clientWindow {
        // It may not be told of a window that it does not know of (RFC 7692 §7.1.2.2).
        case .fixed: break
        case .adjustable where policy.clientWindowBits == widestWindow: break
        case .adjustable: agreed.clientWindowBits = policy.clientWindowBits
        case .atMost(let bits): agreed.clientWindowBits = min(bits, policy.clientWindowBits)
        }
        if agreed.clientWindowBits < widestWindow {
            parts.append("client_max_window_bits=\(agreed.clientWindowBits)")
        }
        return Answer(agreed: agreed, text: parts.joined(separator: "; "))
    }

    /// What a client reads from the answer to `offers`; nil if it fits none of them, which must fail the connection.
    init?(answer field: ExtensionField, to offers: [Offer]) {
        guard field.name == Self.name, field.parameters.hasDistinctNames else { return nil }
        var window: (server: Int?, client: Int?)
        for parameter in field.parameters {
            switch (parameter.name, parameter.value) {
            case ("server_no_context_takeover", nil): serverTakesOver = false
            case ("client_no_context_takeover", nil): clientTakesOver = false
            case ("server_max_window_bits", let value?):
                guard let bits = windowBits(value) else { return nil }
                window.server = bits
            case ("client_max_window_bits", let value?):
                guard let bits = windowBits(value) else { return nil }
                window.client = bits
            default: return nil
            }
        }
        serverWindowBits = window.server ?? Self.widestWindow
        clientWindowBits = window.client ?? Self.widestWindow
        let matching = offers.first { offer in
            if offer.serverNoTakeover, serverTakesOver { return false }
            if let most = offer.serverWindowBits, window.server.map({ $0 > most }) ?? true { return false }
            if window.client != nil, offer.clientWindow == .fixed { return false }
            return true
        }
        guard let matching else { return nil }
        // What a client offers to keep to holds whatever the answer.
        if matching.clientNoTakeover { clientTakesOver = false }
        if case .atMost(let bits) = matching.clientWindow { clientWindowBits = min(clientWindowBits, bits) }
    }
}

/// 8 to 15, without leading zeros (RFC 7692 §7.1.2.1).
private func windowBits(_ value: String) -> Int? {
    guard value.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), !value.hasPrefix("0") else {
        return nil
    }
    return Int(value).flatMap { PerMessageDeflate.windows ~= $0 ? $0 : nil }
}

extension [ExtensionField.Parameter] {
    fileprivate var hasDistinctNames: Bool { Set(map(\.name)).count == count }
}
