public import FoundationEssentials

/// What a row can be: the value that pages see, and a detail that only a view of the single row shows.
///
/// `Codable` stands for the value alone; a property that is part of the detail is left out of the coding keys.
public protocol ProjectionRow: Codable, Sendable, Equatable {
    associatedtype Detail: Codable & Sendable & Equatable = NoDetail
    static var columns: [Column<Self>] { get }
    var detail: Detail { get set }
}

/// The detail of a row that has none.
public struct NoDetail: Codable, Sendable, Equatable {
    public init() {}
}

extension ProjectionRow where Detail == NoDetail {
    public var detail: NoDetail {
        get { NoDetail() }
        set {}
    }
}

/// A row as it is stored, pushed and shown.
public struct StoredRow: Sendable, Equatable {
    public let key: UUID
    /// The log position of the last message that changed it: its version.
    public let position: Position
    /// The row's columns, nil when it is deleted.
    public let columns: Columns?
    /// A JSON object; empty when deleted.
    public let value: [UInt8]
    /// A JSON object that continues the value; `{}` where there is none.
    public let detail: [UInt8]
    /// JSON: `{"correlationId","actor","action","at"}`.
    public let cause: [UInt8]

    public init(key: UUID, position: Position, columns: Columns?, value: [UInt8], detail: [UInt8], cause: [UInt8]) {
        self.key = key
        self.position = position
        self.columns = columns
        self.value = value
        self.detail = detail
        self.cause = cause
    }

    public var isDeleted: Bool { columns == nil }
}

/// A row before and after a batch.
public struct RowChange: Sendable {
    public let row: StoredRow
    /// The columns it had before, nil if it was not there.
    public let before: Columns?

    public init(row: StoredRow, before: Columns?) {
        self.row = row
        self.before = before
    }
}

/// Rows folded from public events, one per key. The same row is the snapshot and the push.
public struct Projection<Row: ProjectionRow>: Folding {
    public let name: String
    public let folds: [String: Fold<Row>]
    /// Folds what has no fold of its own, of whatever name.
    let other: Fold<Row>?
    public let storage: any ProjectionStorage
    public let columnNames: ColumnNames
    /// As the row declares them, made once.
    private let rowColumns = Row.columns

    /// Stored in a table of its own, `live.NAME`, unless it brings another storage.
    public init(
        _ name: String, of _: Row.Type, storage: (any ProjectionStorage)? = nil,
        @ListBuilder<Fold<Row>> _ folds: () -> [Fold<Row>]
    ) {
        self.name = name
        self.storage =
            storage
            ?? TableStorage(
                name, columns: rowColumns.map { ($0.name, $0.kind) },
                indexes: Dictionary(
                    grouping: rowColumns.filter { $0.indexed != nil }, by: { $0.indexed ?? 0 }
                ).mapValues { $0.map(\.name) })
        var byEvent: [String: Fold<Row>] = [:]
        for fold in folds() {
            precondition(byEvent[fold.event] == nil, "projection \(name) folds \(fold.event) twice")
            byEvent[fold.event] = fold
        }
        other = byEvent.removeValue(forKey: Fold<Row>.everything)
        self.folds = byEvent
        events = Set(byEvent.keys)
        columns = rowColumns.map { ($0.name, $0.kind) }
        columnNames = ColumnNames(columns.map(\.name))
    }

    public let events: Set<String>
    public let columns: [(name: String, kind: ColumnKind)]

    public func hears(_ message: String) -> Bool { other != nil || events.contains(message) }
    public func makeFolder() -> any Folder { TypedFolder(self) }

    func fold(of message: String) -> Fold<Row>? { folds[message] ?? other }

    func columns(of row: Row) -> Columns { Columns(names: columnNames, values: rowColumns.map { $0.value(row) }) }
}

/// A projection, its row type erased.
public protocol Folding: Sendable {
    var name: String { get }
    var storage: any ProjectionStorage { get }
    var columnNames: ColumnNames { get }
    var columns: [(name: String, kind: ColumnKind)] { get }
    /// The names of the messages it has folds for.
    var events: Set<String> { get }
    /// Whether it folds messages of this name.
    func hears(_ message: String) -> Bool
    func makeFolder() -> any Folder
}

/// How one kind of event changes the row it is about.
public struct Fold<Row: Sendable>: Sendable {
    /// Stands for the name of every message.
    static var everything: String { "*" }

    public let event: String
    /// Nil for a message that concerns no row.
    let read: @Sendable (Envelope) throws -> Reading<Row>?
}

/// A message, read once: the key of the row that it is about, and what it does to it.
struct Reading<Row: Sendable>: Sendable {
    let key: UUID
    let apply: @Sendable (inout Row?) throws -> Void
}

/// The row with the event's key changes: nil before is a row to be, nil after is a row gone.
public func on<E: PublicEvent, Noun, Row>(
    _: E.Type, _ key: any KeyPath<E, ID<Noun>> & Sendable,
    _ fold: @escaping @Sendable (inout Row?, E, Envelope) -> Void
) -> Fold<Row> {
    Fold(event: E.name) { envelope in
        let event = try envelope.message(E.self)
        return Reading(key: event[keyPath: key].rawValue) { row in fold(&row, event, envelope) }
    }
}

/// The row with this key changes by whatever is said that no other fold of the projection takes; a message without a key
/// concerns no row.
public func onEverythingElse<Row>(
    _ key: @escaping @Sendable (Envelope) throws -> UUID?,
    _ fold: @escaping @Sendable (inout Row?, Envelope) throws -> Void
) -> Fold<Row> {
    Fold(event: Fold<Row>.everything) { envelope in
        try key(envelope).map { key in Reading(key: key) { row in try fold(&row, envelope) } }
    }
}

/// As `on`, for a message that does not say itself which row it is about.
public func on<E: PublicEvent, Row>(
    _: E.Type, keyedBy key: @escaping @Sendable (Envelope) throws -> UUID?,
    _ fold: @escaping @Sendable (inout Row?, E, Envelope) -> Void
) -> Fold<Row> {
    Fold(event: E.name) { envelope in
        guard let key = try key(envelope) else { return nil }
        let event = try envelope.message(E.self)
        return Reading(key: key) { row in fold(&row, event, envelope) }
    }
}

/// Folds a projection's rows in memory, batch by batch. Not shared; belongs to one projector or one test.
public protocol Folder: AnyObject {
    /// The key of the row that a message is about; nil if this projection does not fold it.
    func key(for envelope: Envelope) throws -> UUID?
    /// Whether the row's current state is in memory (a row known to be absent is).
    func holds(_ key: UUID) -> Bool
    /// Takes rows read from storage, and which keys had none.
    func load(_ rows: [StoredRow], absent: [UUID]) throws
    /// Changes the row that a message is about. A message that cannot be folded throws and changes nothing.
    func fold(_ envelope: Envelope) throws
    /// What has changed since the last call, each row once, at its newest.
    func takeChanges() throws -> [RowChange]
    /// Forgets everything in memory, so that it is read again: after a failed batch.
    func forget()
}

final class TypedFolder<Row: ProjectionRow>: Folder {
    private struct Entry {
        var row: Row?
        var dirty = false
        var before: Columns?
        var position = Position.start
        var cause: [UInt8] = []
    }

    private let projection: Projection<Row>
    private var entries: [UUID: Entry] = [:]
    private var changed: [UUID] = []
    /// Messages whose row was asked for and that were not folded yet: reading one takes longer than folding it.
    private var readings: [UUID: Reading<Row>] = [:]

    init(_ projection: Projection<Row>) { self.projection = projection }

    func key(for envelope: Envelope) throws -> UUID? {
        guard let fold = projection.fold(of: envelope.type), let reading = try fold.read(envelope) else { return nil }
        readings[envelope.id] = reading
        return reading.key
    }

    func holds(_ key: UUID) -> Bool { entries[key] != nil }

    func load(_ rows: [StoredRow], absent: [UUID]) throws {
        for key in absent { entries[key] = Entry() }
        for stored in rows {
            var row: Row?
            if !stored.isDeleted {
                row = try Coding.decode(Row.self, from: stored.value)
                row?.detail = try Coding.decode(Row.Detail.self, from: stored.detail)
            }
            entries[stored.key] = Entry(row: row)
        }
    }

    func fold(_ envelope: Envelope) throws {
        guard let fold = projection.fold(of: envelope.type),
            let reading = try readings.removeValue(forKey: envelope.id) ?? fold.read(envelope)
        else { return }
        let key = reading.key
        guard var entry = entries[key] else {
            preconditionFailure("a row of \(projection.name) was folded before it was loaded")
        }
        let old = entry.row
        try reading.apply(&entry.row)
        guard entry.row != old else { return }
        if !entry.dirty {
            entry.before = old.map(projection.columns(of:))
            entry.dirty = true
            changed.append(key)
        }
        entry.position = envelope.position
        entry.cause = try Coding.encode(RowCause(envelope))
        entries[key] = entry
    }

    func takeChanges() throws -> [RowChange] {
        defer {
            changed.removeAll(keepingCapacity: true)
            readings.removeAll(keepingCapacity: true)
            // Memory is bounded: when it is full everything goes, and comes back as it is needed. Only here, between two
            // batches, when nothing waits to be folded on what was loaded for it.
            if entries.count > ProjectionLimits.rowsInMemory { entries.removeAll() }
        }
        return try changed.map { key in
            guard let entry = entries[key] else { preconditionFailure("a changed row was dropped") }
            entries[key]?.dirty = false
            entries[key]?.before = nil
            return RowChange(
                row: StoredRow(
                    key: key, position: entry.position, columns: entry.row.map(projection.columns(of:)),
                    value: try entry.row.map { try Coding.encode($0) } ?? [],
                    detail: try entry.row.map { try Coding.encode($0.detail) } ?? [], cause: entry.cause),
                before: entry.before)
        }
    }

    func forget() {
        entries.removeAll()
        changed.removeAll()
        readings.removeAll()
    }
}

/// Why a row last changed, as pages see it.
struct RowCause: Encodable {
    let correlationId: String
    let actor: String
    let action: String
    let at: Instant

    init(_ envelope: Envelope) {
        correlationId = envelope.cause.correlation.lowercase
        actor = envelope.cause.actor
        action = envelope.type
        at = envelope.at
    }
}

enum ProjectionLimits {
    /// Rows that a projector keeps decoded, per projection.
    static let rowsInMemory = 20_000
}
