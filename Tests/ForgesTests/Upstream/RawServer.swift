// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on loopback that speaks raw bytes, for answers that no honest server gives.
struct RawServer: Sendable {
    enum Behaviour: Sendable {
        /// These bytes, then nothing more on an open connection.
        case answer(String)
        /// These bytes to each request, when all of it is there: its head and its body may come apart.
        case answerEach(String)
        /// These bytes, then the end.
        case answerAndClose(String)
        /// These bytes, then one more byte again and again.
        case drip(String)
    }

    /// What the server has seen.
    final class Log: Sendable {
        private let state = Mutex((text: "", connections: 0))

        var text: String { state.withLock { $0.text } }
        var connections: Int { state.withLock { $0.connections } }

        fileprivate func connected() { state.withLock { $0.connections += 1 } }
        fileprivate func received(_ text: String) { state.withLock { $0.text += text } }
    }

    /// An answer without a body, after which the connection stays open.
    static let empty = Behaviour.answerEach("HTTP/1.1 204 No Content\r\n\r\n")

    /// The host with its port.
    let address: String
    let port: Int
    let log: Log

    /// Serves while the body runs.
    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - tls: nil for plain text.
    static func run(
        _ behaviour: Behaviour, at host: String = "127.0.0.1", port: Int = 0, tls: TLSConfiguration? = nil,
        _ body: (RawServer) async throws -> Void
    ) async throws {
        let log = Log()
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(Speaker(behaviour, log))
                }
            }
            .bind(host: host, port: port).get()
        let bound = channel.localAddress?.port ?? 0
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(RawServer(address: "\(host):\(bound)", port: bound, log: log)))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        try result.get()
    }
}

private final class Speaker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let behaviour: RawServer.Behaviour
    private let log: RawServer.Log
    private var hasSpoken = false
    /// What has come of requests that are not whole yet.
    private var pending = ""

    init(_ behaviour: RawServer.Behaviour, _ log: RawServer.Log) {
        self.behaviour = behaviour
        self.log = log
    }

    func channelActive(context: ChannelHandlerContext) {
        log.connected()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = String(buffer: unwrapInboundIn(data))
        if case .answerEach(let answer) = behaviour {
            pending += text
            while let request = takeRequest() {
                log.received(request)
                say(answer, context)
            }
            return
        }
        log.received(text)
        guard !hasSpoken else { return }
        hasSpoken = true
        switch behaviour {
        case .answerEach: break
        case .answer(let text): say(text, context)
        case .answerAndClose(let text):
            say(text, context)
            context.close(promise: nil)
        case .drip(let text):
            say(text, context)
            let channel = context.channel
            context.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(20), delay: .milliseconds(20)) { task in
                guard channel.isActive else { return task.cancel() }
                channel.writeAndFlush(ByteBuffer(string: "."), promise: nil)
            }
        }
    }

    private func takeRequest() -> String? {
        guard let head = pending.firstRange(of: "\r\n\r\n") else { return nil }
        let length = pending[..<head.lowerBound].split(separator: "\r\n")
            .first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
        let size = pending[..<head.upperBound].utf8.count + (length ?? 0)
        guard pending.utf8.count >= size else { return nil }
        let request = String(decoding: pending.utf8.prefix(size), as: UTF8.self)
        pending = String(decoding: pending.utf8.dropFirst(size), as: UTF8.self)
        return request
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
