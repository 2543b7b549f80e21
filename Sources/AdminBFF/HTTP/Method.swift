/// A request method. The list is closed: any other is answered with 501. RFC 9110 §9, RFC 5789.
///
/// CONNECT is left out on purpose: a server that is no proxy has nothing to connect to.
public enum Method: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    case trace = "TRACE"

    /// The method spelled by these bytes. Methods are case-sensitive.
    init?(_ name: UnsafeRawBufferPointer) {
        switch (name.count, name.first) {
        case (3, UInt8(ascii: "G")) where name.equals("GET"): self = .get
        case (3, UInt8(ascii: "P")) where name.equals("PUT"): self = .put
        case (4, UInt8(ascii: "P")) where name.equals("POST"): self = .post
        case (4, UInt8(ascii: "H")) where name.equals("HEAD"): self = .head
        case (5, UInt8(ascii: "P")) where name.equals("PATCH"): self = .patch
        case (5, UInt8(ascii: "T")) where name.equals("TRACE"): self = .trace
        case (6, UInt8(ascii: "D")) where name.equals("DELETE"): self = .delete
        case (7, UInt8(ascii: "O")) where name.equals("OPTIONS"): self = .options
        default: return nil
        }
    }
}
