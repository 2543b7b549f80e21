import CPostgres
import Glibc
import Kernel

/// A result of libpq, read where it lies and freed with its last reader. It does not change once it is made.
final class Answer: SQLResult, @unchecked Sendable {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    var rowCount: Int { Int(PQntuples(result)) }
    var columnCount: Int { Int(PQnfields(result)) }
    var affected: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// The command's tag: `COMMIT` is answered by `ROLLBACK` if the transaction had failed.
    var tag: String { String(cString: PQcmdStatus(result)) }

    func name(ofColumn column: Int) -> String { String(cString: PQfname(result, Int32(column))) }

    // PQfnumber would fold the name's case and allocate.
    func column(named name: String) -> Int? {
        name.withCString { wanted in
            for column in 0..<columnCount where strcmp(PQfname(result, Int32(column)), wanted) == 0 { return column }
            return nil
        }
    }

    func type(ofColumn column: Int) -> SQLType { SQLType(rawValue: PQftype(result, Int32(column))) }

    func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
        let (row, column) = (Int32(row), Int32(column))
        let length = PQgetlength(result, row, column)
        if length == 0 && PQgetisnull(result, row, column) == 1 { return nil }
        return UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: Int(length))
    }
}

extension ServerError {
    init(_ result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue!)).map { String(cString: $0) }
        }
        // An error that libpq made itself, about a broken connection, has a text and no fields.
        self.init(
            state: SQLState(rawValue: field("C") ?? "08006"),
            message: field("M") ?? oneLine(PQresultErrorMessage(result)))
        (detail, hint, constraint, table) = (field("D"), field("H"), field("n"), field("t"))
        (position, context) = (field("P"), field("W"))
    }
}

/// libpq's messages end in a line feed and may have several lines.
func oneLine(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "no reason given" }
    return String(cString: text).split(whereSeparator: \.isNewline).joined(separator: " ")
}
