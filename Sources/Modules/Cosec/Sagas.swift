import Contracts
import Kernel

/// A saga as administrators watch it.
struct SagaRow: ProjectionRow {
    /// Of the saga, which is its order's.
    let id: OrderID
    let saga: String
    let customerName: String
    let startedAt: Instant
    var status = SagaStatus.running
    var step = 0
    var command = ""
    var direction = SagaDirection.forward
    /// How often the step was asked for.
    var attempts = 0
    var lastError: String?
    var stepAt: Instant
    var version: Version

    static let columns: [Column<SagaRow>] = [
        Column("startedAt", .int, indexed: 2) { .instant($0.startedAt) },
        Column("status", .text, indexed: 2) { .text($0.status.rawValue) },
        Column("order", .uuid, indexed: 2) { .uuid($0.id.rawValue) },
    ]
}

let sagas = Projection("sagas", of: SagaRow.self) {
    on(SagaStarted.self, \.id) { row, event, envelope in
        row = SagaRow(
            id: event.id, saga: event.saga, customerName: event.customerName, startedAt: envelope.at,
            stepAt: envelope.at, version: envelope.version)
    }
    on(SagaStepped.self, \.id) { row, event, envelope in
        // After being stuck it goes on.
        row?.status = event.direction == .forward ? .running : .compensating
        row?.step = event.step
        row?.command = event.command
        row?.direction = event.direction
        row?.attempts = event.attempt
        row?.stepAt = envelope.at
        row?.version = envelope.version
    }
    on(SagaTurned.self, \.id) { row, event, envelope in
        row?.status = .compensating
        row?.direction = .backward
        row?.lastError = event.error
        row?.version = envelope.version
    }
    on(SagaStuck.self, \.id) { row, event, envelope in
        row?.status = .stuck
        row?.lastError = event.error
        row?.version = envelope.version
    }
    on(SagaCompleted.self, \.id) { row, _, envelope in
        row?.status = .completed
        row?.version = envelope.version
    }
    on(SagaCompensated.self, \.id) { row, _, envelope in
        row?.status = .compensated
        row?.version = envelope.version
    }
}

struct SagaFilter: Decodable {
    let status: [SagaStatus]?
    let order: OrderID?
}

let sagasTopic = Topic("sagas", of: sagas, orders: ["-startedAt"], filter: SagaFilter.self) {
    filter throws(Refusal) in
    var parts: [Predicate] = []
    if let statuses = filter.status { parts.append(.among("status", statuses.map { .text($0.rawValue) })) }
    if let order = filter.order { parts.append(.among("order", [.uuid(order.rawValue)])) }
    return .all(parts)
}
