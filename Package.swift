// swift-tools-version: 6.2
import PackageDescription

/// The rooms and their doors: `docs/architecture.md` draws them, `scripts/check-imports.sh` holds them.
let rooms: [Target] = [
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "Model"),
    .target(
        name: "Forges",
        dependencies: [
            "Model",
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]
    ),
    .target(
        name: "Storage",
        dependencies: [
            "Model",
            .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "GRDB", package: "GRDB.swift"),
        ]
    ),
    .target(
        name: "Access",
        dependencies: [
            "CLibCrypto", "Model", "Forges", "Storage",
            .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "CryptoExtras", package: "swift-crypto"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
        ]
    ),
    .target(
        name: "Web",
        dependencies: [
            "Model", "Access",
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "HummingbirdTLS", package: "hummingbird"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Mustache", package: "swift-mustache"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        resources: [.embedInCode("Resources")]
    ),
    .target(
        name: "Sandbox",
        dependencies: [
            "Model",
            .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "Subprocess", package: "swift-subprocess"),
        ]
    ),
    .executableTarget(
        name: "gatehouse",
        dependencies: [
            "Model", "Forges", "Storage", "Access", "Web", "Sandbox",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "Configuration", package: "swift-configuration"),
            .product(name: "CoreMetrics", package: "swift-metrics"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            .product(name: "Yams", package: "Yams"),
        ]
    ),
]

let tests: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: [
            "Access", "Forges", "Model", "Storage", .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Logging", package: "swift-log"),
        ],
        path: "Tests/Support"),
    .testTarget(name: "ModelTests", dependencies: ["Model"]),
    .testTarget(
        name: "ForgesTests",
        dependencies: [
            "Forges", "Model", "TestSupport",
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ],
        exclude: ["Fixtures"]
    ),
    .testTarget(
        name: "StorageTests",
        dependencies: ["Storage", "Model", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")]
    ),
    .testTarget(
        name: "AccessTests",
        dependencies: [
            "Access", "Forges", "Storage", "Model", "TestSupport", .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
        ]
    ),
    .testTarget(
        name: "WebTests",
        dependencies: [
            "Web", "Access", "Forges", "Storage", "Model", "TestSupport",
            .product(name: "HummingbirdTesting", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "Yams", package: "Yams"),
        ]
    ),
    .testTarget(
        name: "SandboxTests",
        dependencies: [
            "Sandbox", "Forges", "Model", "TestSupport",
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "Subprocess", package: "swift-subprocess"),
        ]
    ),
    .testTarget(
        name: "IntegrationTests",
        dependencies: [
            "gatehouse", "Access", "Forges", "Model", "Sandbox", "Storage", "TestSupport",
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "CoreMetrics", package: "swift-metrics"),
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Subprocess", package: "swift-subprocess"),
        ]
    ),
]

/// Built only when asked for: `make bench` and `make rotation` set the variable.
let benchmarks: [Target] =
    Context.environment["GATEHOUSE_BENCH"] == nil
    ? []
    : [
        .executableTarget(
            name: "gatehouse-bench",
            dependencies: [
                "Model", "Forges", "Storage", "Access", "Web",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Benchmarks/Server"
        ),
        .executableTarget(
            name: "gatehouse-fill", dependencies: ["Model", "Forges", "Storage", "Access"], path: "Benchmarks/Fill"),
    ]

/// `make fuzz` sets the variable: the rooms are then built for libFuzzer, and its program in place of the test that replays
/// what it has found.
let isFuzzing = Context.environment["GATEHOUSE_FUZZ"] != nil
let fuzzed: [Target.Dependency] = [
    "Model", "Forges", "Storage", "Access", "Web",
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Hummingbird", package: "hummingbird"),
]
let fuzzing: [Target] =
    isFuzzing
    ? [
        .systemLibrary(name: "LibFuzzer", path: "Fuzzing/LibFuzzer"),
        .executableTarget(
            name: "gatehouse-fuzz", dependencies: fuzzed + ["LibFuzzer"], path: "Fuzzing",
            exclude: ["LibFuzzer", "Tests", "corpus", "dictionaries"], sources: ["Program", "Properties"],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
    ]
    : [
        .testTarget(
            name: "FuzzingTests", dependencies: fuzzed, path: "Fuzzing",
            exclude: ["LibFuzzer", "Program", "corpus", "dictionaries"], sources: ["Properties", "Tests"])
    ]

let package = Package(
    name: "gatehouse",
    products: [.executable(name: "gatehouse", targets: ["gatehouse"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: rooms + tests + benchmarks + fuzzing,
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
if isFuzzing {
    for room in rooms where room.name != "gatehouse" {
        room.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer", "-O"]))
    }
}
