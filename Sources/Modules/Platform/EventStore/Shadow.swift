import FoundationEssentials
import Kernel

/// A projection that is folded anew beside the one that is shown. Its rows are held in memory until they take its place.
final class Shadow {
    let definition: any Folding
    private let folder: any Folder
    private var kept: [UUID: StoredRow] = [:]

    init(_ definition: any Folding) {
        self.definition = definition
        folder = definition.makeFolder()
    }

    var rows: [StoredRow] { Array(kept.values) }

    /// Folds on; `skipped` is told what cannot be folded.
    func fold(_ rows: [LogRow], skipped: (Envelope, any Error) -> Void) throws {
        let messages = rows.map(\.envelope).filter { $0.kind == .message && definition.hears($0.type) }
        var wanted = Set<UUID>()
        for envelope in messages {
            if let key = try? folder.key(for: envelope), !folder.holds(key) { wanted.insert(key) }
        }
        let known = wanted.compactMap { kept[$0] }
        try folder.load(known, absent: Array(wanted.subtracting(known.map(\.key))))
        for envelope in messages {
            do { try folder.fold(envelope) } catch { skipped(envelope, error) }
        }
        for change in try folder.takeChanges() { kept[change.row.key] = change.row }
    }
}
