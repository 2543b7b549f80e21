public import Kernel

/// What customers are told by text message.
public let notifications = Module("notifications") {}
