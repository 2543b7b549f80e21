import Glibc

/// Waits for a condition, asking again and again; false if it has not come true within `Client.patience`.
public func eventually(_ condition: () async -> Bool) async -> Bool {
    let end = time(nil) + Client.patience
    while time(nil) < end {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return false
}
