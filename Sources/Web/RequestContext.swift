// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Hummingbird
import Logging
import Model
import NIOCore

/// The context of every request, before anybody has proved anything. Handlers of it stand on open routes only.
struct OpenContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let requestID: String
    /// Where the request comes from. ``Problems`` sets what a proxy tells.
    var source: RequestSource
    /// Set by ``Authentication``; read only by ``CallerContext``.
    var caller: Caller?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        requestID = RequestID.make()
        self.source = RequestSource(peer: source.channel.remoteAddress)
    }

    /// Logs with the request's ID. Made when there is something to log, since each change of a logger copies its metadata.
    func log(_ level: Logger.Level, _ message: Logger.Message, metadata: @autoclosure () -> Logger.Metadata) {
        guard level >= logger.logLevel else { return }
        var logger = logger
        // One name for one thing: the framework's own number of the request is told to nobody.
        logger[metadataKey: "hb.request.id"] = nil
        logger[metadataKey: "request_id"] = .string(requestID)
        logger.log(level: level, message, metadata: metadata())
    }
}

/// The context of a request whose caller has been authenticated. A handler of it cannot be mounted on an open route.
struct CallerContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let requestID: String
    let source: RequestSource
    let caller: Caller

    init(context: OpenContext) throws {
        guard let caller = context.caller else {
            throw AccessError(.unauthenticated, "Send a token in X-Auth-Token, or sign the request with an access key.")
        }
        coreContext = context.coreContext
        requestID = context.requestID
        source = context.source
        self.caller = caller
    }
}

/// Where a request comes from. Reading it costs nothing before somebody asks.
struct RequestSource: Sendable {
    /// The other end of the connection: the caller, or the proxy in front.
    let peer: SocketAddress?
    /// What a trusted proxy tells.
    var forwarded: IPAddress?

    init(peer: SocketAddress?) {
        self.peer = peer
    }

    /// nil for a Unix domain socket, and where there is no connection.
    var address: IPAddress? { forwarded ?? peer.flatMap { IPAddress($0) } }

    /// Takes a proxy's word, where the other end is one that is trusted.
    mutating func read(_ forwarded: [String], from proxies: TrustedProxies) {
        guard let peer = address else { return }
        self.forwarded = proxies.origin(peer: peer, forwarded: forwarded)
    }
}

extension IPAddress {
    /// nil for a Unix domain socket.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text.split(separator: "%").first.map(String.init) ?? text)
    }
}

enum RequestID {
    /// 32 random lower-case hexadecimal digits, as the cloud's gateway makes them.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 32) { buffer in
            for half in 0..<2 {
                var bits: UInt64 = generator.next()
                for index in 0..<16 {
                    buffer[half * 16 + index] = digits[Int(bits & 15)]
                    bits >>= 4
                }
            }
            return 32
        }
    }
}
