public import Kernel

/// Texts as people write them, trimmed and judged. What these functions refuse is stored nowhere.
public enum Text {
    /// One line that must be there: a name, a location.
    public static func name(_ text: String, field: String) throws(Refusal) -> String {
        let name = try judged(text, limit: MallLimits.name, lines: false, field: field)
        guard !name.isEmpty else { throw .invalid("\(field) is required", field: field) }
        return name
    }

    /// One line, empty where there is none.
    public static func sku(_ text: String?) throws(Refusal) -> String {
        try judged(text ?? "", limit: MallLimits.sku, lines: false, field: "sku")
    }

    /// Several lines, empty where there are none.
    public static func description(_ text: String?) throws(Refusal) -> String {
        try judged(text ?? "", limit: MallLimits.description, lines: true, field: "description")
    }

    /// A note or a reason, empty where nothing was said.
    public static func note(_ text: String?, field: String) throws(Refusal) -> String {
        try judged(text ?? "", limit: MallLimits.note, lines: true, field: field)
    }

    /// The words somebody searches for, normalised.
    public static func words(_ text: String) throws(Refusal) -> [String] {
        let text = try judged(text, limit: MallLimits.name, lines: false, field: "text")
        return normalized(text).split(separator: " ").map(String.init)
    }

    private static func judged(_ text: String, limit: Int, lines: Bool, field: String) throws(Refusal) -> String {
        // Scalars and not characters: one character may carry a megabyte of accents.
        let tooLong = Refusal.invalid("\(field) may have at most \(limit) characters", field: field)
        guard text.utf8.count <= 4 * limit + padding else { throw tooLong }
        let scalars = trimmed(text.unicodeScalars)
        guard scalars.count <= limit else { throw tooLong }
        for scalar in scalars where scalar.properties.generalCategory == .control {
            guard lines, scalar == "\n" || scalar == "\r" || scalar == "\t" else {
                throw .invalid("\(field) must not contain control characters", field: field)
            }
        }
        return String(scalars)
    }

    /// White space around a text that is looked at; a text with more is refused for its length unread.
    private static let padding = 1_000

    private static func trimmed(_ scalars: String.UnicodeScalarView) -> Substring.UnicodeScalarView {
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return scalars[scalars.endIndex...] }
        return scalars[first...last]
    }
}
