public import Kernel

/// The coordinator that makes an order out of a checkout, or undoes what was begun.
public let cosec = Module("cosec") {}
