// swift-tools-version: 6.2
import PackageDescription

// A package of its own, because all it is made of is built with the fuzzer's and the address sanitizer's instruments.

let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "MallBots", path: "../..")],
    targets: [
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                .product(name: "HTTP", package: "MallBots"),
                .product(name: "WebSocket", package: "MallBots"),
                .product(name: "Kernel", package: "MallBots"),
            ],
            swiftSettings: [
                .treatAllWarnings(as: .error),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                // The fuzzer brings the `main` function.
                .unsafeFlags(["-parse-as-library"]),
            ])
    ])
