public import Kernel

/// How far a page is: a position in one log. Pages keep it and do not look into it.
///
/// The epoch names the log's life: restoring, importing or rebuilding a projection begins another, whose positions say
/// nothing about this one's.
public struct Cursor: Hashable, Sendable, CustomStringConvertible {
    public let epoch: String
    public let position: Position

    public init(epoch: String, position: Position) {
        self.epoch = epoch
        self.position = position
    }

    /// Reads what `description` wrote; nil for anything else.
    public init?(_ text: String) {
        guard let dot = text.lastIndex(of: "."), let number = Int64(text[text.index(after: dot)...]), number >= 0 else {
            return nil
        }
        self.init(epoch: String(text[..<dot]), position: Position(number))
    }

    public var description: String { "\(epoch).\(position)" }
}
