// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// Keeps the values of the metrics that the program counts, and writes them as Prometheus reads them.
/// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
final class PrometheusRegistry: MetricsFactory {
    /// One time series.
    final class Series: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
        fileprivate let value = Mutex((sum: 0.0, count: 0.0))

        func increment(by amount: Int64) { increment(by: Double(amount)) }
        func increment(by amount: Double) { value.withLock { $0.sum += amount } }
        func decrement(by amount: Double) { increment(by: -amount) }
        func reset() { value.withLock { $0 = (0, 0) } }
        func set(_ new: Int64) { set(Double(new)) }
        func set(_ new: Double) { value.withLock { $0.sum = new } }
        func record(_ new: Int64) { record(Double(new)) }
        func record(_ new: Double) {
            value.withLock {
                $0.sum += new
                $0.count += 1
            }
        }
        func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
    }

    private enum Kind: String {
        case counter
        case gauge
        case summary
    }

    private struct Family {
        let kind: Kind
        var series: [String: Series] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, label, dimensions)
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(.counter, label, dimensions)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(.summary, label, dimensions)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(.summary, label, dimensions)
    }

    // A series stays when its handle goes: the next handle of the same name goes on counting.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private func series(_ kind: Kind, _ label: String, _ dimensions: [(String, String)]) -> Series {
        let name = Self.name(label)
        let labels = dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        return families.withLock { families in
            if let present = families[name]?.series[labels] { return present }
            let new = Series()
            families[name, default: Family(kind: kind)].series[labels] = new
            return new
        }
    }

    /// All series, in the order of their names.
    func text() -> String {
        let families = families.withLock { $0 }
        var lines: [String] = []
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            lines.append("# TYPE \(name) \(family.kind.rawValue)")
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                let braced = labels.isEmpty ? "" : "{\(labels)}"
                let value = series.value.withLock { $0 }
                if family.kind == .summary {
                    lines.append("\(name)_sum\(braced) \(value.sum)")
                    lines.append("\(name)_count\(braced) \(value.count)")
                } else {
                    lines.append("\(name)\(braced) \(value.sum)")
                }
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What Prometheus does not take in a name becomes `_`.
    private static func name(_ text: String) -> String {
        let plain = text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return plain.first?.isNumber == true ? "_" + String(plain) : String(plain)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
