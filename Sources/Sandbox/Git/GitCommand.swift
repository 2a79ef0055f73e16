// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import SystemPackage

/// One call of the `git` command in a bare repository.
///
/// The environment is empty but for what git needs, so that neither the machine's nor the user's configuration changes
/// what happens. Whoever passes a caller's text must put `--end-of-options` or `--` before it, or give it on standard
/// input: git takes no other care of texts that begin with a dash.
struct GitCommand: Sendable {
    /// The bare repository, as `GIT_DIR`.
    let directory: String
    /// Further environment variables, such as `GIT_INDEX_FILE` or `GIT_AUTHOR_NAME`.
    var environment: [String: String] = [:]

    /// What a finished call left.
    struct Outcome: Sendable {
        let succeeded: Bool
        let status: String
        let output: [UInt8]
        let message: String
    }

    /// Runs git and gives its standard output, whatever bytes and however many they are.
    /// - Throws: ``GitError/failed(command:status:message:)`` where git ends with an error.
    @discardableResult
    func run(_ arguments: [String], input: [UInt8] = []) async throws(GitError) -> [UInt8] {
        let outcome = try await attempt(arguments, input: input)
        guard outcome.succeeded else {
            throw .failed(command: arguments.first ?? "", status: outcome.status, message: outcome.message)
        }
        return outcome.output
    }

    /// Runs git where a failure is one of the expected answers.
    func attempt(_ arguments: [String], input: [UInt8] = []) async throws(GitError) -> Outcome {
        // An argument ends at its first NUL: what follows would be cut off in silence.
        for text in arguments + Array(environment.values) where text.utf8.contains(0) {
            throw .invalidName(text)
        }
        do {
            let result = try await Subprocess.run(
                Self.executable,
                arguments: Arguments(arguments),
                environment: Self.environment(of: directory, adding: environment),
                input: .array(input),
                output: .bytes(limit: .max),
                error: .string(limit: 1 << 20)
            )
            return Outcome(
                succeeded: result.terminationStatus.isSuccess,
                status: "\(result.terminationStatus)",
                output: result.standardOutput,
                message: result.standardError
            )
        } catch {
            throw .failed(command: arguments.first ?? "", status: "not run", message: "\(error)")
        }
    }

    /// The program itself, looked up once: by its name alone, every call would begin with a failed process for each
    /// folder of the search path that does not have it.
    static let executable: Executable = {
        for folder in searchPath.split(separator: ":") {
            let path = folder + "/git"
            if FileManager.default.isExecutableFile(atPath: String(path)) { return .path(FilePath(String(path))) }
        }
        return .name("git")
    }()

    private static let searchPath =
        ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"

    /// The whole environment of a git process: nothing is inherited but the search path.
    static func environment(of directory: String?, adding more: [String: String] = [:]) -> Environment {
        var variables: [Environment.Key: String] = [
            "PATH": Self.searchPath,
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
        ]
        variables["GIT_DIR"] = directory
        for (name, value) in more {
            if let key = Environment.Key(rawValue: name) { variables[key] = value }
        }
        return .custom(variables)
    }
}
