import FoundationEssentials
import Kernel
import Testing

@Suite struct GoldenTests {
    @Test func `what is said and stored is written as its golden file has it, and the file read as it was meant`()
        throws
    {
        for sample in try Samples.all() {
            try Golden.record(sample)
            guard let golden = Golden.bytes(of: sample.name) else {
                Issue.record("\(sample.name) has no golden file: set RECORD_GOLDEN once to write it")
                continue
            }
            let (written, kept) = (text(sample.body), text(golden))
            #expect(written + "\n" == kept, "\(sample.name)")
            #expect(try sample.isMeant(golden), "\(sample.name)")
        }
    }

    @Test func `no two samples have one name, and no golden file is left without its sample`() throws {
        let names = try Samples.all().map(\.name)
        #expect(Set(names).count == names.count)
        let files = try FileManager.default.contentsOfDirectory(atPath: Golden.folder.path)
        #expect(Set(files) == Set(names.map { "\($0).json" }))
    }

    @Test func `every message that the contracts declare has a sample`() throws {
        let names = Set(try Samples.all().map(\.name))
        var declared = 0
        for file in try FileManager.default.contentsOfDirectory(atPath: Golden.contracts.path) {
            let source = text(Array(try Data(contentsOf: Golden.contracts.appending(path: file))))
            let lines = source.split(separator: "\n")
            for (line, next) in zip(lines, lines.dropFirst())
            where line.hasSuffix(": PublicEvent {") || line.hasSuffix(": PublicCommand {") {
                let name = try #require(next.split(separator: "\"").dropFirst().first.map(String.init), "\(line)")
                declared += 1
                #expect(names.contains(name), "\(name) has no sample")
                #expect(
                    line.contains("struct \(name.drop { $0 != "." }.dropFirst()):"), "\(name) is not its type's name")
            }
        }
        #expect(declared > 40)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
