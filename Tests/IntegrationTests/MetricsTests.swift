// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Foundation
import NIOHTTP1
import Sandbox
import Testing

@testable import gatehouse

@Suite struct MetricsTests {
    @Test func `metrics are written as Prometheus reads them`() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "b_total", dimensions: [("forge", "git\"hub\\\n"), ("result", "good")])
            .increment(by: 2)
        registry.makeCounter(label: "b_total", dimensions: [("forge", "git\"hub\\\n"), ("result", "good")])
            .increment(by: 1)
        registry.makeMeter(label: "a.gauge", dimensions: []).set(Int64(7))
        let recorder = registry.makeRecorder(label: "9c", dimensions: [], aggregate: true)
        recorder.record(Int64(1))
        recorder.record(2.5)
        #expect(
            registry.text() == #"""
                # TYPE _9c summary
                _9c_sum 3.5
                _9c_count 2.0
                # TYPE a_gauge gauge
                a_gauge 7.0
                # TYPE b_total counter
                b_total{forge="git\"hub\\\n",result="good"} 3.0

                """#)
    }

    @Test func `metrics have a port of their own, and none unless it is set`() async throws {
        let directory = try TemporaryDirectory()
        // Free a moment ago; nobody else on this machine draws from it meanwhile.
        let reserved = try ReservedPort(0)
        let port = reserved.number
        let process = try GatehouseProcess(
            ["serve", "--port", "0"], in: directory.url,
            environment: ["GATEHOUSE_METRICS_PORT": String(port)])
        let address = try await process.listeningAddress()
        let answer = try await SandboxCaller.send("GET", "http://127.0.0.1:\(port)/metrics", headers: [:])
        #expect(answer.status == 200)
        #expect(answer.headers.first(name: "Content-Type")?.hasPrefix("text/plain; version=0.0.4") == true)
        let text = String(decoding: answer.body, as: UTF8.self)
        for line in [
            #"gatehouse_authorizations{status="0"} 0"#, "gatehouse_credentials_unsaved 0", "gatehouse_store_up 1",
        ] {
            #expect(text.contains(line), "\(text)")
        }
        #expect(try await SandboxCaller.send("GET", address + "/metrics", headers: [:]).status == 404)
        #expect(process.stop() == 0)
        withExtendedLifetime(reserved) {}
    }
}
