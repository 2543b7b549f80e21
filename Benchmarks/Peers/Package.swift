// swift-tools-version: 6.2
import PackageDescription

// The peers that are Swift packages, as programs to measure. Nobody else waits for them: they take minutes to build.

let package = Package(
    name: "Peers",
    dependencies: [
        // The most used Swift server framework beside Vapor, on SwiftNIO.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        // Its event loops, of which it is given one.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        // Small, without SwiftNIO, on Swift concurrency; it brings WebSocket along.
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        .executableTarget(
            name: "HummingbirdPeer",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "FlyingFoxPeer",
            dependencies: [.product(name: "FlyingFox", package: "FlyingFox")],
            swiftSettings: strict),
    ])

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
