public import FoundationEssentials
import Kernel

/// What is hidden of a row that may be seen. It is part of a view's key: readers of unequal masks share no bytes.
public enum RowMask: Hashable, Sendable {
    /// Of a telephone number its country and its last two digits are left.
    case phoneNumbers
    /// Of an order the lines of these stores are left, and what they cost; what was noted on others, and the code that
    /// the goods are handed over for, are not.
    case lines(of: [UUID])

    /// A row's value or detail, a JSON object, as the reader gets it. What cannot be read is not shown at all.
    public func masked(_ object: [UInt8]) -> [UInt8] {
        guard let members = Members(object) else { return Array("{}".utf8) }
        var edits: [(place: Range<Int>, bytes: [UInt8])] = []
        func edit(_ name: String, _ edit: (ArraySlice<UInt8>) -> [UInt8]?) {
            guard let value = members.values[name], let bytes = edit(value) else { return }
            edits.append((value.indices, bytes))
        }
        switch self {
        case .phoneNumbers:
            for name in ["smsNumber", "phone"] { edit(name) { Self.number(Array($0)) } }
        case .lines(let stores):
            let own = Set(stores.map(\.lowercase))
            var items = members.values["items"].flatMap { Self.objects($0) } ?? []
            items.removeAll { !Self.isOf(own, $0) }
            edit("items") { _ in Self.list(items) }
            edit("adjustments") { Self.list((Self.objects($0) ?? []).filter { Self.isOf(own, $0) }) }
            if members.has("items") { edit("totalMinor") { _ in Array(String(Self.total(items)).utf8) } }
            edit("pickupCode") { _ in Array("\"\"".utf8) }
            edit("timeline") { Self.list((Self.objects($0) ?? []).map(Self.withoutNote)) }
        }
        var masked = object
        for edit in edits.sorted(by: { $0.place.lowerBound > $1.place.lowerBound }) {
            masked.replaceSubrange(edit.place, with: edit.bytes)
        }
        return masked
    }

    /// `+49••••••01`
    static func number(_ text: String) -> String {
        guard text.count > 5 else { return "••••••" }
        return "\(text.prefix(3))••••••\(text.suffix(2))"
    }

    private static func number(_ json: [UInt8]) -> [UInt8] {
        var masked: [UInt8] = []
        masked.add(quoted: (try? Coding.decode(String.self, from: json)).map { number($0) } ?? "")
        return masked
    }

    private static func objects(_ list: ArraySlice<UInt8>) -> [[UInt8]]? { Members.elements(of: Array(list)) }

    private static func list(_ objects: [[UInt8]]) -> [UInt8] {
        Array("[".utf8) + objects.joined(separator: [UInt8(ascii: ",")]) + Array("]".utf8)
    }

    private static func isOf(_ own: Set<String>, _ object: [UInt8]) -> Bool {
        (try? Members(object)?.read("storeId", as: String.self)).map(own.contains) ?? false
    }

    private static func total(_ items: [[UInt8]]) -> Int64 {
        items.reduce(0) { sum, item in
            let members = Members(item)
            let price = (try? members?.read("priceMinor", as: Int64.self)) ?? 0
            let quantity = (try? members?.read("quantity", as: Int64.self)) ?? 0
            return sum + price * quantity
        }
    }

    private static func withoutNote(_ moment: [UInt8]) -> [UInt8] {
        guard let note = Members(moment)?.values["note"] else { return moment }
        var rest = moment
        rest.replaceSubrange(note.indices, with: Array("null".utf8))
        return rest
    }
}
