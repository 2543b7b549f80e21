import Testing

@testable import Notifications

@Suite struct NotificationsTests {
    @Test func `the module has its name`() { #expect(notifications.name == "notifications") }
}
