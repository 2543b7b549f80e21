/// What a statement answered, in the form its owner holds it: the database layer's result, or rows made in memory.
public protocol SQLResult: AnyObject, Sendable {
    var rowCount: Int { get }
    var columnCount: Int { get }
    /// How many rows the statement inserted, changed, removed or returned.
    var affected: Int { get }
    func name(ofColumn column: Int) -> String
    func column(named name: String) -> Int?
    func type(ofColumn column: Int) -> SQLType
    /// nil for null. The bytes live as long as the result.
    func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer?
}

/// The rows a statement returned. Nothing is copied or decoded before it is asked for.
public struct SQLRows: RandomAccessCollection, Sendable {
    let result: any SQLResult

    public init(_ result: any SQLResult) { self.result = result }

    public var startIndex: Int { 0 }
    public var endIndex: Int { result.rowCount }
    public subscript(index: Int) -> SQLRow {
        precondition(index >= 0 && index < endIndex, "row \(index) of \(endIndex) was asked for")
        return SQLRow(result: result, index: index)
    }

    /// How many rows the statement inserted, changed, removed or returned.
    public var affected: Int { result.affected }

    public var columns: [String] { (0..<result.columnCount).map(result.name(ofColumn:)) }
}

/// One row. A cell is decoded where it lies: no allocation for numbers and identifiers.
public struct SQLRow: Sendable {
    let result: any SQLResult
    let index: Int

    /// The cell in the column with this number, from 0. An optional type reads null as nil; any other refuses it.
    public subscript<Value: SQLDecodable>(column: Int, as type: Value.Type = Value.self) -> Value {
        get throws(SQLMismatch) {
            guard column >= 0 && column < result.columnCount else {
                throw SQLMismatch(expected: "column \(column)", found: "\(result.columnCount) columns")
            }
            do throws(SQLMismatch) {
                defer { withExtendedLifetime(result) {} }
                return try Value(
                    SQLCell(
                        type: result.type(ofColumn: column),
                        bytes: result.bytes(row: index, column: column)))
            } catch {
                throw located(error, column)
            }
        }
    }

    /// The cell in the column with this name.
    public func decode<Value: SQLDecodable>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(SQLMismatch) -> Value {
        guard let column = result.column(named: name) else {
            let names = SQLRows(result).columns.joined(separator: ", ")
            throw SQLMismatch(expected: "column \(name)", found: "only \(names)")
        }
        return try self[column, as: type]
    }

    public func isNull(_ column: Int) -> Bool { result.bytes(row: index, column: column) == nil }

    private func located(_ mismatch: SQLMismatch, _ column: Int) -> SQLMismatch {
        var mismatch = mismatch
        mismatch.column = "\(column) (\(result.name(ofColumn: column)))"
        mismatch.row = index
        return mismatch
    }
}

/// Rows that no database made: for the tests of what reads them.
public final class SQLRowsInMemory: SQLResult {
    private let columns: [(name: String, type: SQLType)]
    private let cells: [[UInt8]?]
    nonisolated(unsafe) private let storage: [UnsafeRawBufferPointer?]

    /// Each row binds its values in the order of the columns, as in `"\(id), \(name)"`; its text is not looked at.
    public init(columns names: [String], rows: [SQL]) {
        let types = rows.first.map { $0.parameters.map(\.type) } ?? names.map { _ in .unknown }
        columns = zip(names, types).map { (name: $0, type: $1) }
        cells = rows.flatMap { row in
            precondition(
                row.parameters.count == names.count, "a row of \(names.count) columns has \(row.parameters.count)")
            return row.parameters.map { value in
                value.length < 0 ? nil : Array(row.bytes[value.offset..<value.offset + value.length])
            }
        }
        storage = cells.map { cell in
            cell.map { bytes in
                let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
                copy.copyBytes(from: bytes)
                return UnsafeRawBufferPointer(copy)
            }
        }
    }

    deinit { for cell in storage { cell?.deallocate() } }

    public var rowCount: Int { columns.isEmpty ? 0 : storage.count / columns.count }
    public var columnCount: Int { columns.count }
    public var affected: Int { rowCount }
    public func name(ofColumn column: Int) -> String { columns[column].name }
    public func column(named name: String) -> Int? { columns.firstIndex { $0.name == name } }
    public func type(ofColumn column: Int) -> SQLType { columns[column].type }
    public func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? { storage[row * columns.count + column] }
}
