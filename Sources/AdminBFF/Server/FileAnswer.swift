import Glibc
import HTTP

/// What a request for a file is answered: a response and, apart from it, what is sent as its body.
struct FileAnswer {
    var response: Response
    var content: [Output.Piece] = []

    init(_ response: Response) { self.response = response }

    /// RFC 9110 §13.2.2: first the preconditions, then the ranges.
    init(_ request: RequestHead, _ file: StaticFile, now: Int = time(nil)) {
        let form = request.headers.prefers(coding: "gzip") ? file.gzip ?? file.plain : file.plain
        switch Preconditions(request, tag: form.tag, modified: file.stamp.seconds, now: now) {
        case .proceed: break
        case .notModified:
            self.init(Response(.notModified, headers: form.headers))
            return
        case .failed:
            self.init(.plain(.preconditionFailed))
            return
        }
        let length = form.content.length
        switch ByteRanges(request, length: length, tag: form.tag, modified: file.stamp.seconds, now: now) {
        case .whole:
            self.init(Response(.ok, headers: form.headers))
            response.headers.add("content-type", form.type)
            response.headers.add("accept-ranges", "bytes")
            if length > 0 { content = [form.content.piece(0..<length)] }
        case .parts(let parts):
            self.init(Response(.partialContent, headers: form.headers))
            if parts.count == 1 {
                response.headers.add("content-type", form.type)
                response.headers.add("content-range", "bytes \(Self.place(parts[0], length))")
                content = [form.content.piece(parts[0])]
            } else {
                addParts(parts, of: form)
            }
        case .unsatisfiable:
            self.init(.plain(.rangeNotSatisfiable))
            response.headers.add("content-range", "bytes */\(length)")
            return
        }
        if let coding = form.coding { response.headers.add("content-encoding", coding) }
    }

    /// RFC 9110 §14.6.
    private mutating func addParts(_ parts: [Range<Int>], of form: StaticFile.Form) {
        // Random, so that no content can hold it.
        let boundary =
            String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        response.headers.add("content-type", "multipart/byteranges; boundary=\(boundary)")
        for part in parts {
            let head =
                "\r\n--\(boundary)\r\ncontent-type: \(form.type)\r\n"
                + "content-range: bytes \(Self.place(part, form.content.length))\r\n\r\n"
            content.append(.bytes(Array(head.utf8)))
            content.append(form.content.piece(part))
        }
        content.append(.bytes(Array("\r\n--\(boundary)--\r\n".utf8)))
    }

    private static func place(_ part: Range<Int>, _ length: Int) -> String {
        "\(part.lowerBound)-\(part.upperBound - 1)/\(length)"
    }
}
