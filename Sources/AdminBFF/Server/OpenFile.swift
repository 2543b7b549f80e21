import Glibc

/// An open file whose content the kernel sends from its own cache; closed when the last who sends of it has gone.
final class OpenFile: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}

/// A part of an open file.
final class FileSlice: Sendable {
    let file: OpenFile
    let range: Range<Int>

    init(_ file: OpenFile, _ range: Range<Int>) { (self.file, self.range) = (file, range) }
}
