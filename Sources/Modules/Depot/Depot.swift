public import Kernel

/// Shopping lists, robots, the bays of the depot.
public let depot = Module("depot") {}
