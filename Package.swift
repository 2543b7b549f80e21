// swift-tools-version: 6.2
import PackageDescription

// Read from the top: a target sees only what stands above it.

let package = Package(
    name: "MallBots",
    products: [
        // What `Benchmarks`, a package of its own, builds its load from.
        .library(name: "EventLoop", targets: ["EventLoop"]),
        .library(name: "WebSocket", targets: ["WebSocket"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0")
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
        .module("Baskets"),
        .module("Ordering"),
        .module("Payments"),

        // 2. The gateway's protocols, which do no I/O.
        .code("WebSocket", in: "AdminBFF", sees: ["Crypto"]),

        // Tests mirror the sources.
        .test("EventLoopTests", of: ["EventLoop"]),
        .test("CryptoTests", of: ["Crypto"]),
        .test("WebSocketTests", of: ["WebSocket"]),
        .target(
            name: "DomainTestSupport", dependencies: ["Kernel", "Contracts"], path: "Tests/DomainTestSupport",
            swiftSettings: strict),
        .test("KernelTests", of: ["Kernel"]),
        .test(
            "ContractTests",
            of: ["Kernel", "Contracts", "Stores", "Customers", "Baskets", "Ordering", "Payments"], excluding: ["Golden"]
        ),
        .test("StoresTests", of: ["Kernel", "Contracts", "DomainTestSupport", "Stores"]),
        .test("CustomersTests", of: ["Kernel", "Contracts", "DomainTestSupport", "Customers"]),
        .test("BasketsTests", of: ["Kernel", "Contracts", "DomainTestSupport", "Baskets", "Stores", "Customers"]),
        .test("OrderingTests", of: ["Kernel", "Contracts", "DomainTestSupport", "Ordering"]),
        .test(
            "PaymentsTests",
            of: ["Kernel", "Contracts", "DomainTestSupport", "Payments", "Baskets", "Stores", "Customers", "Ordering"]),
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

    /// A domain module sees the kernel and the published messages, and never another module.
    static func module(_ name: String) -> Target {
        .code(name, in: "Modules", sees: ["Kernel", "Contracts"])
    }

    static func test(_ name: String, of tested: [Dependency], excluding files: [String] = []) -> Target {
        .testTarget(
            name: name, dependencies: tested, path: "Tests/\(name)", exclude: files, swiftSettings: strict)
    }

    static func system(_ name: String, package: String? = nil) -> Target {
        .systemLibrary(
            name: name, path: "Sources/Modules/Platform/\(name)", providers: package.map { [.apt([$0])] })
    }
}

extension Target.Dependency {
    static func collections(_ module: String) -> Target.Dependency {
        .product(name: module, package: "swift-collections")
    }
}
