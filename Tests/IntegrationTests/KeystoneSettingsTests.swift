// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Sandbox
import Testing

@testable import gatehouse

/// The settings of an external Keystone, and what the check and the doctor say of them.
@Suite struct KeystoneSettingsTests {
    private static let root = "identity.keystone"
    private static let least = [
        "url": "https://keystone.example.org:5000", "user": "gatehouse", "password": "canary-service-password",
    ]

    private static func load(_ settings: [String: String]) async throws -> ServiceConfiguration {
        let named = settings.map { ("\(root).\($0.key)", $0.value) }
        return try await ServiceConfiguration.load(file: nil, flags: Dictionary(uniqueKeysWithValues: named))
    }

    @Test func `nothing of it is set up by itself`() async throws {
        #expect(try await Self.load([:]).keystone == nil)
    }

    @Test func `a Keystone needs an address, a user and a password`() async throws {
        let keystone = try #require(try await Self.load(Self.least).keystone)
        #expect(keystone.service.address == "https://keystone.example.org:5000/v3")
        #expect(keystone.service.login.domain == "Default" && keystone.service.login.project == "service")
        #expect(keystone.service.login.projectDomain == "Default" && keystone.roots == nil)
        #expect(keystone.tokens.memory == 60 && keystone.tokens.negativeMemory == 10 && keystone.limits.timeout == 10)
        var more = Self.least
        more["domain"] = "Services"
        #expect(try await Self.load(more).keystone?.service.login.projectDomain == "Services")
    }

    @Test(arguments: [
        (["url": ""], "identity.keystone.url is missing"), (["user": ""], "identity.keystone.user is missing"),
        (["password": ""], "GATEHOUSE_IDENTITY_KEYSTONE_PASSWORD"), (["url": "keystone"], "must be an http or https"),
        (["url": "https://u:p@k.example.org"], "must be an http or https"),
        (["cache_seconds": "301"], "identity.keystone.cache_seconds must be from 0 to 300"),
        (["negative_cache_seconds": "-1"], "identity.keystone.negative_cache_seconds"),
        (["timeout_seconds": "0"], "identity.keystone.timeout_seconds must be from 1 to 60"),
        (["ca": "/none"], "identity.keystone.ca: /none is not there"),
        (["ca": "/etc/passwd"], "holds no certificate"),
        (["ca": "/etc/passwd", "url": "http://127.0.0.1:5000"], "has no effect"),
    ])
    func `a setting that cannot be used is named, without the password`(change: [String: String], word: String) async {
        do {
            _ = try await Self.load(Self.least.merging(change) { $1 })
            Issue.record("taken")
        } catch {
            #expect("\(error)".contains(word), "\(error)")
            #expect(!"\(error)".contains("canary"))
        }
    }

    @Test func `the check names the Keystone, and warns of plain http across a network`() async throws {
        var settings = Self.least
        let good = ConfigurationCheck(try await Self.load(settings)).identity
        #expect(good.map(\.level) == [.good] && good[0].text.contains("https://keystone.example.org:5000/v3"))
        settings["url"] = "http://10.0.0.7:5000/v3"
        let exposed = ConfigurationCheck(try await Self.load(settings)).identity
        #expect(exposed.map(\.level) == [.good, .warning] && exposed[1].text.contains("in clear"))
        #expect(ConfigurationCheck(try await Self.load([:])).identity.isEmpty)
    }

    @Test func `the doctor finds a Keystone that is not there, and shows no secret`() throws {
        let directory = try TemporaryDirectory()
        let reserved = try ReservedPort(0)
        let result = try GatehouseProcess.run(
            ["doctor"], in: directory.url,
            environment: [
                "GATEHOUSE_IDENTITY_KEYSTONE_URL": "http://127.0.0.1:\(reserved.number)",
                "GATEHOUSE_IDENTITY_KEYSTONE_USER": "gatehouse",
                "GATEHOUSE_IDENTITY_KEYSTONE_PASSWORD": "canary-service-password",
                "GATEHOUSE_IDENTITY_KEYSTONE_TIMEOUT_SECONDS": "1",
            ])
        #expect(result.status == 1, "\(result.output)")
        #expect(result.output.contains("bad      keystone     The Keystone"), "\(result.output)")
        #expect(!result.output.contains("canary"))
        withExtendedLifetime(reserved) {}
    }
}
