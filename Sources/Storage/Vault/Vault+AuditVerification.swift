// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Model

/// What verifying the record has shown.
package struct AuditVerdict: Sendable {
    /// Where the record does not fit.
    package struct Fault: Sendable {
        /// The first event that does not fit; nil where all do and the signature does not.
        package let sequence: Int64?
        /// That event, where it is there.
        package let entry: AuditEntry?
        /// A sentence for the operator.
        package let message: String
    }

    /// How many events were looked at.
    package var count = 0
    /// The number of the oldest event that is kept; 1 where none has ever been cut.
    package var first: Int64 = 1
    /// The number and the hash of the newest event that was looked at. Kept elsewhere, they show that the whole store was put back.
    package var sequence: Int64 = 0
    package var hash = Data(count: 32)
    package var fault: Fault?
}

/// The number and the hash of an event, as noted at an earlier verification.
package struct AuditMark: Sendable, Hashable {
    package let sequence: Int64
    package let hash: Data

    /// `NUMBER:HASH`, the hash as 64 hexadecimal digits. nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[0]), number > 0, parts[1].utf8.count == 64,
            let hash = Hexadecimal.decode(parts[1].utf8)
        else { return nil }
        sequence = number
        self.hash = Data(hash)
    }
}

extension AuditVerdict {
    /// As ``AuditMark/init(_:)`` reads it.
    package var mark: String { "\(sequence):\(Hexadecimal.encode(hash))" }
}

extension Vault {
    /// Goes through the whole record. Others may append and cut meanwhile.
    /// - Parameters:
    ///   - mark: an event that must be there, unless it has been cut as one of the oldest.
    ///   - progress: told how many events have been looked at, and how many there are.
    /// - Throws: ``StoreError/Code/masterKeyRefused`` without the version of the master key that the record is signed under.
    package func verifyAudit(
        expecting mark: AuditMark? = nil, progress: @Sendable (_ done: Int, _ remaining: Int) -> Void = { _, _ in }
    ) async throws(StoreError) -> AuditVerdict {
        var verdict = AuditVerdict()
        // A cut of the oldest that comes in between takes away what was to be looked at: then once more.
        for _ in 0..<5 {
            let ends = try await store.auditEnds()
            verdict = try await verdictOnce(ends, expecting: mark, progress: progress)
            guard verdict.fault != nil, let later = try await store.auditEnds().head, later.first != ends.head?.first,
                try Self.isAuthentic(later, keychain)
            else { return verdict }
        }
        return verdict
    }

    private func verdictOnce(
        _ ends: (head: AuditHead?, last: Int64?), expecting mark: AuditMark?,
        progress: @Sendable (_ done: Int, _ remaining: Int) -> Void
    ) async throws(StoreError) -> AuditVerdict {
        var verdict = AuditVerdict()
        guard let head = ends.head else {
            if let last = ends.last {
                verdict.fault = .init(
                    sequence: nil, entry: nil, message: "There are events up to \(last), and nothing that signs them.")
            } else {
                verdict.fault =
                    mark.map { Self.missing($0.sequence) }
                    ?? .init(
                        sequence: nil, entry: nil,
                        message: "The record was deleted: even a store without events has its signed ends.")
            }
            return verdict
        }
        verdict.first = head.first
        verdict.sequence = head.first - 1
        verdict.hash = head.anchor
        while verdict.sequence < head.sequence {
            let entries = try await store.auditEntries(after: verdict.count == 0 ? 0 : verdict.sequence, limit: 1000)
            for entry in entries where entry.sequence <= head.sequence {
                verdict.fault = Self.fault(in: entry, after: verdict, expecting: mark)
                if verdict.fault != nil { return verdict }
                verdict.sequence = entry.sequence
                verdict.hash = entry.hash
                verdict.count += 1
            }
            if entries.isEmpty || entries.last?.sequence ?? 0 > head.sequence { break }
            progress(verdict.count, Int(head.sequence - verdict.sequence))
        }
        verdict.fault = try faultAtTheEnd(head, last: ends.last, verdict, expecting: mark)
        return verdict
    }

    private static func fault(
        in entry: AuditEntry, after verdict: AuditVerdict, expecting mark: AuditMark?
    ) -> AuditVerdict.Fault? {
        let expected = verdict.sequence + 1
        guard entry.sequence == expected else {
            if entry.sequence < expected {
                return .init(
                    sequence: entry.sequence, entry: entry,
                    message: "Event \(entry.sequence) stands before the first that is kept, \(verdict.first).")
            }
            return missing(expected)
        }
        let hash = AuditChain.hash(after: verdict.hash, sequence: entry.sequence, id: entry.id, entry.event)
        guard hash == entry.hash, mark.map({ $0.sequence != entry.sequence || $0.hash == hash }) ?? true else {
            return .init(
                sequence: entry.sequence, entry: entry,
                message: "Event \(entry.sequence) is not what was written: it, or what comes before it, was changed.")
        }
        guard entry.event.action != AuditEvent.breach else {
            return .init(
                sequence: entry.sequence, entry: entry,
                message:
                    "Before event \(entry.sequence) was written, Gatehouse found the end of the record cut or changed.")
        }
        return nil
    }

    private func faultAtTheEnd(
        _ head: AuditHead, last: Int64?, _ verdict: AuditVerdict, expecting mark: AuditMark?
    ) throws(StoreError) -> AuditVerdict.Fault? {
        if verdict.sequence < head.sequence { return Self.missing(verdict.sequence + 1) }
        if let last, last > head.sequence {
            return .init(
                sequence: head.sequence + 1, entry: nil,
                message: "Event \(head.sequence + 1) was added by somebody without the master key.")
        }
        guard verdict.hash == head.hash, try Self.isAuthentic(head, keychain) else {
            return .init(
                sequence: nil, entry: nil,
                message:
                    "Every event fits the one before it, and the signature does not fit: the record was cut at one of "
                    + "its ends, or written anew, by somebody without the master key.")
        }
        if let mark, mark.sequence > head.sequence { return Self.missing(mark.sequence) }
        return nil
    }

    private static func missing(_ sequence: Int64) -> AuditVerdict.Fault {
        .init(
            sequence: sequence, entry: nil,
            message: "Event \(sequence) is missing: it was deleted, or cut off with the end.")
    }
}
