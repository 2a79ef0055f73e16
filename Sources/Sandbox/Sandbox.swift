// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Logging
package import Model
import ServiceLifecycle
import Synchronization

/// Emulated forges on this machine's loopback address, over real git repositories.
///
/// ``make(_:)`` prepares everything, so that every address and token is known; ``run()`` serves until it is cancelled
/// or told to shut down.
package final class Sandbox: Service {
    /// The forges, in the order of their ports, each kind once.
    package let forges: [EmulatedForge]
    /// A Bitbucket Data Center beside them; nil where the options leave it out.
    package let dataCenter: EmulatedForge?
    private let options: SandboxOptions
    private let backends: [ForgeBackend]
    private let ports: Mutex<[ReservedPort]>

    private init(options: SandboxOptions, backends: [ForgeBackend], ports: [ReservedPort], forges: [EmulatedForge]) {
        self.options = options
        self.backends = backends
        self.ports = Mutex(ports)
        self.forges = forges.filter { $0.name != EmulatedForge.dataCenterName }
        dataCenter = forges.first { $0.name == EmulatedForge.dataCenterName }
    }

    /// All of them, in the order of their ports.
    package var all: [EmulatedForge] { forges + [dataCenter].compactMap(\.self) }

    /// The forge of that kind; nil where the options leave it out.
    package subscript(forge: ForgeID) -> EmulatedForge? {
        forges.first { $0.forge == forge }
    }

    /// Takes the ports, and fills the forges or finds what an earlier run has kept.
    package static func make(_ options: SandboxOptions) async throws(SandboxError) -> Sandbox {
        var ports: [ReservedPort] = []
        let kinds = options.forges.map { ($0, false) } + (options.hasDataCenter ? [(.bitbucket, true)] : [])
        for index in kinds.indices {
            ports.append(try ReservedPort(options.firstPort == 0 ? 0 : options.firstPort + index))
        }
        // All at once: most of the time goes by in waiting for git.
        let numbers = ports.map(\.number)
        let results = await withTaskGroup(of: (Int, Result<ForgeBackend, SandboxError>).self) { group in
            for (index, (forge, isDataCenter)) in kinds.enumerated() {
                group.addTask {
                    do throws(SandboxError) {
                        let backend: ForgeBackend = try await .open(
                            forge, isDataCenter: isDataCenter, port: numbers[index], options: options)
                        return (index, .success(backend))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        var backends: [ForgeBackend] = []
        for index in kinds.indices {
            if let result = results[index] { backends.append(try result.get()) }
        }
        return Sandbox(
            options: options, backends: backends, ports: ports,
            forges: backends.compactMap { $0.emulatedForge(requests: RequestLog()) })
    }

    /// Serves all forges until cancelled or shut down gracefully.
    package func run() async throws {
        try await run(onReady: {})
    }

    /// Serves all forges.
    /// - Parameter onReady: called once, as soon as every forge listens.
    package func run(onReady: @escaping @Sendable () async -> Void) async throws {
        let waiting = Atomic(backends.count)
        let services = zip(backends, all).map { backend, forge -> any Service in
            backend.service(log: forge.requests) {
                if waiting.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
                    self.ports.withLock { $0 = [] }
                    await onReady()
                }
            }
        }
        defer { removeUnlessKept() }
        try await ServiceGroup(configuration: .init(services: services, logger: options.logger)).run()
    }

    private func removeUnlessKept() {
        guard !options.keepsState else { return }
        for backend in backends {
            do {
                try FileManager.default.removeItem(atPath: backend.directory)
            } catch {
                options.logger.warning("The sandbox's folder was not removed", metadata: ["error": "\(error)"])
            }
        }
    }
}
