import Contracts
import EventStore
import FoundationEssentials
import HTTP
import Kernel
import Server

private struct Reason: Decodable {
    let reason: String
}

private struct Projections: Decodable {
    let projections: [String]?
}

/// What went wrong behind the scenes, and what administrators do about it.
extension Router {
    mutating func addHealthRoutes(_ edge: Edge, _ health: Health) {
        get(
            "/admin/api/ops",
            edge.route(.everyStaff) { call in
                try edge.mayRead("ops", call)
                let rows = try await health.rows().map(\.value).joined(separator: [UInt8(ascii: ",")])
                return .json(Array("{\"ops\":[".utf8) + rows + Array("]}".utf8))
            })
        post(
            "/admin/api/ops/dead-letters/{consumer}/{position:int}/replay",
            edge.deadLetter(DeadLetterReplayed.name) { _, consumer, position in
                guard try await health.worker.revive(consumer, position) else { return nil }
                return .deadLetterReplayed(consumer: consumer, position: position)
            })
        post(
            "/admin/api/ops/dead-letters/{consumer}/{position:int}/discard",
            edge.deadLetter(DeadLetterDiscarded.name) { call, consumer, position in
                let given: Reason
                do { given = try Coding.decode(from: Edge.fields(of: call.request)) } catch {
                    throw (error as? Refusal) ?? Refusal(decoding: error)
                }
                let reason = try Text.note(given.reason, field: "reason")
                guard !reason.isEmpty else { throw Refusal.invalid("reason is required", field: "reason") }
                guard try await health.worker.discard(consumer, position, because: reason) else { return nil }
                return .deadLetterDiscarded(consumer: consumer, position: position, reason: reason)
            })
        post("/admin/api/ops/rebuild", edge.rebuild(health))
    }
}

private struct DeedReceipt: Encodable {
    let position: Position
    let correlationId: String
}

extension Edge {
    /// Has projections folded anew, all of them where none is named. Their pages begin anew when it is done.
    fileprivate func rebuild(_ health: Health) -> Router.Handler {
        route(.administrator, as: RebuildAsked.name) { call in
            let given: Projections
            do { given = try Coding.decode(from: Self.fields(of: call.request)) } catch {
                throw (error as? Refusal) ?? Refusal(decoding: error)
            }
            let wanted = Set(given.projections ?? Array(health.projections)).sorted()
            guard !wanted.isEmpty, health.projections.isSuperset(of: wanted) else {
                throw Refusal.invalid(
                    "projections must be among \(health.projections.sorted().joined(separator: ", "))",
                    field: "projections")
            }
            try await health.rebuilds.ask(wanted)
            let outcome = try await note(
                .rebuildAsked(projections: wanted), by: call.principal.actor, call.correlation)
            return try .json(
                Coding.encode(DeedReceipt(position: outcome.position, correlationId: call.correlation.lowercase)),
                .accepted)
        }
    }

    /// Something done about one dead letter; nil says that there is none.
    fileprivate func deadLetter(
        _ action: String, _ act: @escaping @Sendable (Call, String, Position) async throws -> Deed.Event?
    ) -> Router.Handler {
        route(.administrator, as: action) { call in
            _ = try Self.fields(of: call.request)
            let consumer = call.request.parameters["consumer"] ?? ""
            let position = Position(call.request.parameters.value("position") ?? 0)
            guard let deed = try await act(call, consumer, position) else {
                throw Refusal.notFound("\(consumer) has no dead letter at \(position)")
            }
            let outcome = try await note(deed, by: call.principal.actor, call.correlation)
            return try .json(
                Coding.encode(DeedReceipt(position: outcome.position, correlationId: call.correlation.lowercase)))
        }
    }
}
