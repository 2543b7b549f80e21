// swift-tools-version: 6.2
import PackageDescription

// Read from the top: a target sees only what stands above it.

let package = Package(
    name: "MallBots",
    products: [
        // What `Benchmarks`, a package of its own, builds its load from.
        .library(name: "EventLoop", targets: ["EventLoop"]),
        .library(name: "WebSocket", targets: ["WebSocket"]),
        .library(name: "Search", targets: ["Kernel", "Contracts", "Postgres", "Search"]),
        .executable(name: "echo", targets: ["Echo"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    ],
    targets: [
        // 0. Nothing but the system.
        .system("CLinux"),
        .system("CPostgres", package: "libpq-dev"),
        .system("CCrypto", package: "libssl-dev"),

        .code("Kernel", in: "Modules/Platform"),

        // 1. The event loop, and what the cryptographic libraries give.
        .code(
            "EventLoop", in: "Modules/Platform",
            sees: ["CLinux", .collections("DequeModule"), .collections("HeapModule")]),
        .code("Crypto", in: "Modules/Platform", sees: ["CCrypto"]),

        // 1. What the modules say to each other.
        .code("Contracts", in: "Modules", sees: ["Kernel"]),

        // 2. The mall's modules: each sees the kernel and what is said, and no other module.
        .module("Stores"),
        .module("Customers"),
        .module("Search"),

        // 2. The gateway's protocols, which do no I/O.
        .code("HTTP", in: "AdminBFF"),
        .code("WebSocket", in: "AdminBFF", sees: ["Crypto"]),
        .code(
            "Postgres", in: "Modules/Platform",
            sees: [
                "Kernel", "EventLoop", "Crypto", "CPostgres", "CLinux", .collections("DequeModule"), .log,
            ]),

        // 3. The gateway's server, which does, and a small one to measure it by.
        .code("Server", in: "AdminBFF", sees: ["CLinux", "EventLoop", "HTTP", "WebSocket", .log]),
        .program("Echo", in: "AdminBFF", sees: ["EventLoop", "HTTP", "Server", "WebSocket", .log, .arguments]),

        // Tests mirror the sources.
        .support("PostgresTestSupport", sees: ["Postgres", "EventLoop", "Kernel", .log]),
        .test("PostgresTests", of: ["Postgres", "PostgresTestSupport", "EventLoop", "Kernel", "CPostgres", .log]),
        .support("TestSupport", sees: ["WebSocket"]),
        .test("EventLoopTests", of: ["EventLoop"]),
        .test("CryptoTests", of: ["Crypto"]),
        .test("HTTPTests", of: ["HTTP"]),
        .test("WebSocketTests", of: ["WebSocket"]),
        .test("SearchTests", of: ["Search", "Contracts", "Kernel", "Postgres", "PostgresTestSupport"]),
        .test("ServerTests", of: ["Server", "EventLoop", "HTTP", "WebSocket", "TestSupport", .log]),
    ])

// The rules every target is built by.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

extension Target {
    static func code(_ name: String, in folder: String, sees: [Dependency] = []) -> Target {
        .target(name: name, dependencies: sees, path: "Sources/\(folder)/\(name)", swiftSettings: strict)
    }

    static func program(_ name: String, in folder: String, sees: [Dependency] = []) -> Target {
        .executableTarget(name: name, dependencies: sees, path: "Sources/\(folder)/\(name)", swiftSettings: strict)
    }

    /// What several test targets need.
    static func support(_ name: String, sees: [Dependency]) -> Target {
        .target(name: name, dependencies: sees, path: "Tests/\(name)", swiftSettings: strict)
    }

    /// A domain module sees the kernel and the published messages, and never another module.
    static func module(_ name: String) -> Target {
        .code(name, in: "Modules", sees: ["Kernel", "Contracts"])
    }

    static func test(_ name: String, of tested: [Dependency]) -> Target {
        .testTarget(name: name, dependencies: tested, path: "Tests/\(name)", swiftSettings: strict)
    }

    static func system(_ name: String, package: String? = nil) -> Target {
        .systemLibrary(
            name: name, path: "Sources/Modules/Platform/\(name)", providers: package.map { [.apt([$0])] })
    }
}

extension Target.Dependency {
    static let log = Target.Dependency.product(name: "Logging", package: "swift-log")
    static let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

    static func collections(_ module: String) -> Target.Dependency {
        .product(name: module, package: "swift-collections")
    }
}
