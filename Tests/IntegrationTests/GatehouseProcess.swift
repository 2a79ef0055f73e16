// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The built program, run as its users run it.
final class GatehouseProcess {
    let process = Process()
    let directory: URL
    /// What it has written to standard output and standard error.
    let log: URL

    /// - Parameters:
    ///   - directory: a folder of the test's own.
    ///   - input: a file to read as standard input; nil for none.
    init(
        _ arguments: [String], in directory: URL, environment: [String: String] = [:], input: URL? = nil
    ) throws {
        self.directory = directory
        log = directory.appending(path: "log-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        // Started by a shell that first closes the pipes it has inherited from other tests: their readers would wait for
        // their end as long as this process lives. Nothing but pipes: by a socket, Foundation waits for this one's end.
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments =
            [
                "-c",
                #"for file in /proc/$$/fd/*; do number=${file##*/}; case $(readlink "$file") in pipe:*) [ "$number" -gt 2 ] && eval "exec $number>&-";; esac; done; exec "$0" "$@""#,
                Self.executable.path,
            ] + arguments
        process.currentDirectoryURL = directory
        process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": directory.path,
            "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
        ].merging(environment) { $1 }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Ends the process without giving it a chance to do anything.
    func killAtOnce() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks the process to end, and waits. Gives its exit status.
    @discardableResult
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Waits for a file that the process writes when it is ready.
    /// - Throws: ``NotReady`` with what it has written, when it ends or takes longer than two minutes.
    func wait(for file: URL) async throws -> Data {
        let end = Date.now + 120
        while process.isRunning, Date.now < end {
            if let data = try? Data(contentsOf: file), !data.isEmpty { return data }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NotReady(output: output)
    }

    /// Waits until the process has written what is wanted.
    /// - Throws: ``NotReady`` with what it has written, when it ends or takes longer than a minute.
    func wait(until isThere: (String) -> Bool) async throws {
        let end = Date.now + 60
        while process.isRunning, Date.now < end {
            if isThere(output) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NotReady(output: output)
    }

    /// Waits for the line that says where the service listens; gives its address.
    func listeningAddress() async throws -> String {
        let end = Date.now + 60
        while process.isRunning, Date.now < end {
            if let match = output.firstMatch(of: /address=(127\.0\.0\.1:[1-9][0-9]*) public_url/) {
                return "http://" + match.1
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NotReady(output: output)
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: [String], in directory: URL, environment: [String: String] = [:], input: URL? = nil
    ) throws -> (status: Int32, output: String) {
        let process = try GatehouseProcess(arguments, in: directory, environment: environment, input: input)
        process.process.waitUntilExit()
        return (process.process.terminationStatus, process.output)
    }

    struct NotReady: Error {
        let output: String
    }

    /// Beside the test bundle: both are products of one build.
    private static var executable: URL {
        let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let products =
            bundle?.deletingLastPathComponent() ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        return products.appending(path: "gatehouse")
    }
}

/// A folder that is gone when its owner is.
final class TemporaryDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "gatehouse-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}
