// What libFuzzer calls (https://llvm.org/docs/LibFuzzer.html).
import Glibc

/// Each takes any bytes, and traps where a property does not hold.
private let targets: [String: @Sendable (UnsafeRawBufferPointer) -> Void] = [
    "request": fuzzRequest,
    "chunked": fuzzChunked,
    "values": fuzzValues,
    "handshake": fuzzHandshake,
    "frames": fuzzFrames,
    "compressed": fuzzCompressed,
    "deflated": fuzzDeflated,
    "text": fuzzText,
    "json": fuzzJSON,
]

/// The one that the environment variable `FUZZ_TARGET` names.
private let target: @Sendable (UnsafeRawBufferPointer) -> Void = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = targets[name] else {
        fatalError("FUZZ_TARGET: expected one of \(targets.keys.sorted().joined(separator: ", ")), got '\(name)'")
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}
