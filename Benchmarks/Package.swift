// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nothing it needs reaches the server.

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "MallBots", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "load",
            dependencies: [
                .product(name: "EventLoop", package: "MallBots"),
                .product(name: "WebSocket", package: "MallBots"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "SearchBench",
            dependencies: [
                .product(name: "EventLoop", package: "MallBots"),
                .product(name: "Search", package: "MallBots"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "LaneBench",
            dependencies: [
                .product(name: "EventStore", package: "MallBots"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
    ])

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
