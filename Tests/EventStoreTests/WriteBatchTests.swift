import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

import struct DomainTestSupport.Seeded

@testable import EventStore

@Suite struct WriteBatchTests {
    /// In one database the usual batches take the short way; in the other every batch is judged command by command.
    @Test(arguments: 0..<6) func `the short way and the judging one come to the same`(_ seed: UInt64) async throws {
        try await withBank { first, loop in
            try await withBank { second, _ in
                let plain = Pool(first.configuration, size: 1, on: loop, logger: TestCluster.quiet)
                let judging = Pool(second.configuration, size: 1, on: loop, logger: TestCluster.quiet)
                try await judge(everythingOn: judging)
                var random = Seeded(seed: seed)
                var world = World()
                var plainBatches = 0
                for round in 0..<150 {
                    let batch = Batch(world.units(&random, round))
                    let given = try await plain.query(batch.statement)
                    let expected = try await judging.query(batch.statement)
                    #expect(try answers(given) == answers(expected))
                    if !given[0].isNull(5) {
                        plainBatches += 1
                        try await expectAsRead(batch, given, plain)
                    }
                    world.learn(batch.units, try given.map { try $0[0, as: Int32.self] == 0 })
                }
                #expect(30..<150 ~= plainBatches)
                for table in Self.tables {
                    #expect(try await dump(table, plain) == dump(table, judging))
                }
                await plain.close()
                await judging.close()
            }
        }
    }

    /// The tables that a batch writes, without the numbers that streams have got.
    private static let tables: [SQL] = [
        "select category, stream_id, version from mall.streams order by category, stream_id",
        """
        select position, command_end, category, stream_id, l.version, kind, type, id, body, correlation_id, causation_id,
            actor, at
        from mall.log l join mall.streams using (stream_no) order by position
        """,
        "select * from mall.commands order by command_id",
        "select * from mall.claims order by scope, value",
        "select * from mall.timers order by category, stream_id, name",
    ]

    private func dump(_ table: SQL, _ pool: Pool) async throws -> [String] {
        try await pool.query("select row_to_json(t)::text from (\(table)) t").map { try $0[0] }
    }

    private func answers(_ rows: SQLRows) throws -> [String] {
        try rows.map { row in
            let (answer, digest): ([UInt8]?, [UInt8]?) = (try row[2], try row[3])
            return "\(try row[0, as: Int32.self]) \(try row[1, as: Int64.self]) \(String(describing: answer)) "
                + "\(String(describing: digest)) \(try row[4, as: String?.self] ?? "-")"
        }
    }

    /// What the lane tells readers it has written is what they would have read.
    private func expectAsRead(_ batch: Batch, _ rows: SQLRows, _ pool: Pool) async throws {
        let head = Position(try rows.map { try $0[1, as: Int64.self] }.max() ?? 0)
        let told = batch.written(upTo: head, streams: try rows[0][5])
        let read = try await Log(pool).rows(at: told.map(\.envelope.position))
        #expect(told.count == read.count)
        for (told, read) in zip(told, read) {
            let body = read.envelope.kind == .message ? read.envelope.body : []
            #expect(told.stream == read.stream)
            #expect(told.envelope.body == body)
            #expect(told.envelope.id == read.envelope.id && told.envelope.position == read.envelope.position)
            #expect(
                told.envelope.commandEnd == read.envelope.commandEnd && told.envelope.stream == read.envelope.stream)
            #expect(told.envelope.version == read.envelope.version && told.envelope.type == read.envelope.type)
            #expect(told.envelope.cause == read.envelope.cause && told.envelope.at == read.envelope.at)
            #expect(told.envelope.kind == read.envelope.kind)
        }
    }

    private func judge(everythingOn pool: Pool) async throws {
        let row = try await pool.query(
            """
            select text, replace(text, 'if not fits then', 'if true then')
            from pg_get_functiondef('mall.write_batch'::regproc) as f(text)
            """)[0]
        let (plain, judging): (String, String) = (try row[0], try row[1])
        #expect(plain != judging)
        try await pool.execute(SQL(raw: judging).planned(.custom))
    }
}

/// Streams, claims and commands few enough to meet again and again.
private struct World {
    private var versions: [StreamName: Version] = [:]
    private var done: [UUID] = []
    private let streams = (0..<12).map { number in
        StreamName(category: number % 2 == 0 ? "test.Left" : "test.Right", id: UUID(number / 2))
    }

    mutating func units(_ random: inout Seeded, _ round: Int) -> [CommitUnit] {
        var free = streams.shuffled(using: &random)
        var claims = (0..<6).map { Claim(scope: "desk", value: "\($0)", taken: "it is taken") }.shuffled(using: &random)
        var repeatable = done.shuffled(using: &random)
        // A quarter of the rounds are made of trouble; of the others most are not.
        let trouble = round % 4 == 0 ? 3 : 40
        func happens(_ random: inout Seeded) -> Bool { Int.random(in: 0..<trouble, using: &random) == 0 }
        return (0..<Int.random(in: 1...5, using: &random)).map { number in
            let id = !repeatable.isEmpty && happens(&random) ? repeatable.removeLast() : UUID.random(using: &random)
            var unit = CommitUnit(
                id: Int.random(in: 0..<8, using: &random) == 0 ? nil : id, digest: [1, 2],
                answer: Array("\(round)".utf8),
                cause: Cause(
                    correlation: .random(using: &random), causation: .random(using: &random), actor: "actor \(number)"),
                now: Instant(microseconds: Int64(1_000_000 * round + number)))
            for index in 0..<Int.random(in: 1...2, using: &random) {
                let name = free.removeLast()
                let known = versions[name] ?? 0
                let count = unit.id == nil ? 0 : Int.random(in: 0...2, using: &random)
                // A message needs no version, but a stream.
                let expected = count == 0 && known > 0 && index == 1 ? nil : happens(&random) ? known + 1 : known
                unit.streams.append(CommitUnit.Stream(name: name, expected: expected, count: count))
                guard count > 0 || known > 0, unit.id != nil else { continue }
                for version in 0..<max(count, 1) {
                    let kinds: [Envelope.Kind] = count == 0 ? [.message] : [.event, .message]
                    for kind in kinds {
                        unit.rows.append(
                            CommitUnit.Row(
                                stream: index, version: known + (count == 0 ? 0 : version + 1), kind: kind,
                                type: "test.\(kind)", body: Array("{\"round\":\(round)}".utf8)))
                    }
                }
                if count > 0, Int.random(in: 0..<3, using: &random) == 0, let claim = claims.popLast() {
                    unit.claims.append(
                        CommitUnit.ClaimChange(stream: index, takes: Bool.random(using: &random), claim: claim))
                }
                if count > 0, Bool.random(using: &random) {
                    let due = Bool.random(using: &random) ? Instant(microseconds: Int64(round)) : nil
                    unit.timers.append(CommitUnit.TimerChange(stream: index, name: "bell", due: due))
                }
            }
            return unit
        }
    }

    mutating func learn(_ units: [CommitUnit], _ written: [Bool]) {
        for (unit, isWritten) in zip(units, written) where isWritten {
            if let id = unit.id { done.append(id) }
            for stream in unit.streams where stream.count > 0 { versions[stream.name, default: 0] += stream.count }
        }
    }
}

extension UUID {
    fileprivate init(_ number: Int) {
        self.init(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number)))
    }
}
