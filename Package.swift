// swift-tools-version: 6.2
import PackageDescription

// Read from the top: a target sees only what stands above it.

let package = Package(
    name: "MallBots",
    products: [
        // What `Benchmarks` and `Tests/Fuzz`, packages of their own, are built from.
        .library(name: "EventLoop", targets: ["EventLoop"]),
        .library(name: "HTTP", targets: ["HTTP"]),
        .library(name: "WebSocket", targets: ["Deflate", "WebSocket"]),
        .library(name: "Kernel", targets: ["Kernel"]),
        .executable(name: "mallbots", targets: ["App"]),
        .library(name: "Search", targets: ["Kernel", "Contracts", "Postgres", "Search"]),
        .library(name: "EventStore", targets: ["Kernel", "EventLoop", "Postgres", "EventStore"]),
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
        .system("CZlib", package: "zlib1g-dev"),

        .code("Kernel", in: "Modules/Platform"),

        // 1. What stands on the system, and what the mall says aloud.
        .code(
            "EventLoop", in: "Modules/Platform",
            sees: ["CLinux", .collections("DequeModule"), .collections("HeapModule")]),
        .code("Crypto", in: "Modules/Platform", sees: ["CCrypto"]),
        .code("Deflate", in: "Modules/Platform", sees: ["CZlib"]),
        .code("HTTP", in: "AdminBFF"),
        .code("Live", in: "AdminBFF", sees: ["Kernel"]),
        .code("Contracts", in: "Modules", sees: ["Kernel"]),

        // 2. The mall's modules; the database; the protocols' connections.
        .module("Stores"),
        .module("Customers"),
        .module("Baskets"),
        .module("Ordering"),
        .module("Depot"),
        .module("Payments"),
        .module("Notifications"),
        .module("Cosec"),
        .module("Search"),
        .code(
            "Postgres", in: "Modules/Platform",
            sees: ["Kernel", "EventLoop", "Crypto", "CPostgres", "CLinux", .collections("DequeModule"), .log]),
        .code("WebSocket", in: "AdminBFF", sees: ["Crypto", "Deflate"]),

        // 3. The log and everything that lives by it; the server on its loops.
        .code(
            "EventStore", in: "Modules/Platform",
            sees: ["Kernel", "EventLoop", "Crypto", "Postgres", .collections("DequeModule"), .log],
            embeds: [
                "log", "commit_batch", "advance", "horizon", "rebuilds", "write_batch", "advance_marks",
            ].map { "Schema/\($0).sql" }),
        .code("Server", in: "AdminBFF", sees: ["CLinux", "Crypto", "Deflate", "EventLoop", "HTTP", "WebSocket", .log]),
        // Customers, robots and staff who know the system by its gateways only.
        .code("Busywork", in: "AdminBFF", sees: ["Kernel", "Contracts", "EventLoop", "WebSocket"]),

        // 4. The programs: the only places where parts meet.
        .program(
            "App", in: "AdminBFF",
            sees: [
                "Kernel", "Contracts", "EventLoop", "Crypto", "HTTP", "WebSocket", "Live", "Server", "Postgres",
                "EventStore", "Busywork",
                "Stores", "Customers", "Baskets", "Ordering", "Depot", "Payments", "Notifications", "Cosec", "Search",
                .log, .arguments,
            ]),
        .program("Echo", in: "AdminBFF", sees: ["EventLoop", "HTTP", "Server", "WebSocket", .log, .arguments]),

        // Tests mirror the sources.
        .support("PostgresTestSupport", sees: ["CLinux", "Postgres", "EventLoop", "Kernel", .log]),
        .test("PostgresTests", of: ["Postgres", "PostgresTestSupport", "EventLoop", "Kernel", "CPostgres", .log]),
        .support("TestSupport", sees: ["Deflate", "EventLoop", "WebSocket"]),
        .support("DomainTestSupport", sees: ["Kernel", "Contracts"]),
        .support(
            "EventStoreTestSupport",
            sees: ["EventStore", "Kernel", "EventLoop", "Postgres", "PostgresTestSupport", .log]),
        .test(
            "EventStoreTests",
            of: [
                "EventStore", "EventStoreTestSupport", "DomainTestSupport", "Kernel", "EventLoop", "Postgres",
                "PostgresTestSupport", .log,
            ]),
        // What the stress test starts several of, and kills.
        .executableTarget(
            name: "StressWorker",
            dependencies: ["EventStore", "EventStoreTestSupport", "Kernel", "Postgres", "PostgresTestSupport"],
            path: "Tests/StressWorker", swiftSettings: strict),
        .test("EventLoopTests", of: ["EventLoop"]),
        .test("CryptoTests", of: ["Crypto"]),
        .test("HTTPTests", of: ["HTTP"], data: ["Cases"]),
        .test("DeflateTests", of: ["Deflate"]),
        .test("WebSocketTests", of: ["Deflate", "WebSocket"]),
        .test("SearchTests", of: ["Search", "Contracts", "Kernel", "Postgres", "PostgresTestSupport"]),
        .test("ServerTests", of: ["Server", "Deflate", "EventLoop", "HTTP", "WebSocket", "TestSupport", .log]),
        .test("KernelTests", of: ["Kernel"]),
        .test(
            "ContractTests",
            of: [
                "Kernel", "Contracts", "Stores", "Customers", "Baskets", "Ordering", "Depot", "Payments",
                "Notifications", "Cosec",
            ],
            data: ["Golden"]),
        .test(
            "StoresTests",
            of: ["Kernel", "Contracts", "DomainTestSupport", "Stores", "Postgres", "PostgresTestSupport"]),
        .test("CustomersTests", of: ["Kernel", "Contracts", "DomainTestSupport", "Customers"]),
        .test(
            "BasketsTests",
            of: [
                "Kernel", "Contracts", "DomainTestSupport", "Baskets", "Stores", "Customers", "Postgres",
                "PostgresTestSupport",
            ]),
        .test("OrderingTests", of: ["Kernel", "Contracts", "DomainTestSupport", "Ordering"]),
        .test(
            "PaymentsTests",
            of: [
                "Kernel", "Contracts", "DomainTestSupport", "Payments", "Baskets", "Stores", "Customers", "Ordering",
                "EventStore", "EventStoreTestSupport", "EventLoop", "Postgres", "PostgresTestSupport", .log,
            ]),
        .test(
            "DepotTests",
            of: ["Kernel", "Contracts", "DomainTestSupport", "Depot", "Stores", "Postgres", "PostgresTestSupport"]),
        .test(
            "NotificationsTests",
            of: [
                "Kernel", "Contracts", "DomainTestSupport", "Notifications", "Customers", "Ordering", "Postgres",
                "PostgresTestSupport",
            ]),
        .test(
            "CosecTests",
            of: [
                "Kernel", "Contracts", "DomainTestSupport", "Cosec", "Customers", "Depot", "Payments", "Ordering",
                "Stores", "Baskets",
            ]),
        .test("LiveTests", of: ["Live", "Kernel"]),
        .test("BusyworkTests", of: ["Busywork", "Kernel", "Contracts"]),
        .test(
            "MallTests",
            of: [
                "App", "Busywork", "Kernel", "Contracts", "EventLoop", "EventStore", "Postgres", "WebSocket",
                "TestSupport",
                "PostgresTestSupport", .log,
            ]),
    ])

// The rules every target is built by.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

extension Target {
    static func code(
        _ name: String, in folder: String, sees: [Dependency] = [], embeds files: [String] = []
    ) -> Target {
        .target(
            name: name, dependencies: sees, path: "Sources/\(folder)/\(name)",
            resources: files.map { .embedInCode($0) }, swiftSettings: strict)
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

    /// `data` names folders beside the tests that they read themselves.
    static func test(_ name: String, of tested: [Dependency], data: [String] = []) -> Target {
        .testTarget(
            name: name, dependencies: tested, path: "Tests/\(name)", exclude: data, swiftSettings: strict)
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
