// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import Logging
import Model
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Synchronization

/// Cuts off who holds a connection without need: who does not send a request's head in time, sends a body or takes an answer
/// slower than the least rate, or comes from an address that has too many connections.
///
/// There is no limit for a whole request: a slow line may take hours for 12 MB, and a forge a minute for its answer. While this
/// Gatehouse is the slow one, no time counts.
///
/// It stands between HTTP's decoder and the application, and answers what the decoder does not understand.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// So much of a body that nobody wants any more is read, so that its sender gets to the answer.
    private static let unwantedLimit = 16 << 20
    /// How long the sender of what is no HTTP may take to read what is wrong.
    private static let partingTime: TimeAmount = .seconds(2)

    private let open: OpenConnections
    private let logger: Logger
    private var peer: IPAddress?
    /// Until when the next head must be here, or the rest of a body that nobody wants.
    private var deadline: Scheduled<Void>?
    private var isReceiving = false
    /// Requests that have begun, and whose answer is not out yet.
    private var owed = 0
    private var unwanted = 0
    private var isParting = false
    private var pace = Pace()

    init(_ open: OpenConnections, logger: Logger) {
        self.open = open
        self.logger = logger
    }

    /// What is counted since the last look at the rate.
    private struct Pace {
        var look: Scheduled<Void>?
        var received = 0
        /// How long it was the other end's turn to send.
        var waited: TimeAmount = .zero
        var waitsSince: NIODeadline?
        var written = 0
        /// What was not yet taken at the last look: nothing where it is nil.
        var pending: Int?
        var acknowledged: UInt64 = 0
    }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        expectHead(context, within: open.door.headTime)
        if context.channel.isActive { enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        enter(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    private func enter(_ context: ChannelHandlerContext) {
        guard peer == nil, let address = context.channel.remoteAddress.flatMap({ IPAddress($0) }) else { return }
        guard open.enter(address) else { return cut(context, "too many connections from one address") }
        peer = address
    }

    private func leave() {
        deadline?.cancel()
        deadline = nil
        pace.look?.cancel()
        pace.look = nil
        if let peer { open.leave(peer) }
        peer = nil
    }

    private func cut(_ context: ChannelHandlerContext, _ reason: Logger.Message) {
        logger.debug(reason, metadata: ["address": .string(context.channel.remoteAddress?.ipAddress ?? "")])
        context.close(promise: nil)
    }

    private func expectHead(_ context: ChannelHandlerContext, within time: Duration) {
        schedule(&deadline, context, TimeAmount(time)) { this, context in
            this.cut(context, this.isReceiving ? "the rest of a body did not come" : "no request came in time")
        }
    }

    private func schedule(
        _ task: inout Scheduled<Void>?, _ context: ChannelHandlerContext, _ time: TimeAmount,
        _ body: @escaping @Sendable (ConnectionGuard, ChannelHandlerContext) -> Void
    ) {
        task?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        task = context.eventLoop.scheduleTask(in: time) { body(bound.value.0, bound.value.1) }
    }

    // MARK: What comes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isParting else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if head.waitsForLeave(upTo: Authentication.bodyLimit) {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
            deadline?.cancel()
            deadline = nil
            isReceiving = true
            owed += 1
            unwanted = 0
            pace.received = 0
            pace.waited = .zero
            watch(context)
        case .body(let bytes):
            pace.received += bytes.readableBytes
            if owed == 0 {
                unwanted += bytes.readableBytes
                if unwanted > Self.unwantedLimit { return cut(context, "a body that nobody wants is too long") }
            }
        case .end:
            isReceiving = false
            if owed == 0 { expectHead(context, within: open.door.idleTime) }
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if pace.waitsSince == nil { pace.waitsSince = .now() }
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if let since = pace.waitsSince { pace.waited = pace.waited + (.now() - since) }
        pace.waitsSince = nil
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, owed == 0, !isReceiving else {
            if !isParting { context.fireErrorCaught(error) }
            return
        }
        guard !isParting else { return }
        part(context, Problem(unreadable: error))
    }

    /// Says what is wrong with what is no request, and closes.
    private func part(_ context: ChannelHandlerContext, _ problem: Problem) {
        isParting = true
        let id = RequestID.make()
        logger.info(
            "request",
            metadata: [
                "route": "none", "status": .stringConvertible(problem.status.code), "code": .string(problem.code),
                "request_id": .string(id),
            ])
        let response = problem.response(requestID: id)
        var head = HTTPResponse(status: response.status, headerFields: response.headers)
        head.headerFields[.xRequestID] = id
        head.headerFields[.xContentTypeOptions] = "nosniff"
        head.headerFields[.cacheControl] = "no-store"
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(problem.bytes(requestID: id))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(mode: .output, promise: nil)
        context.read()
        schedule(&deadline, context, Self.partingTime) { $1.close(promise: nil) }
    }

    // MARK: What goes

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isParting else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head: context.write(data, promise: promise)
        case .body(let bytes):
            pace.written += bytes.readableBytes
            watch(context)
            context.write(data, promise: promise)
        case .end:
            // Idle is who has got the whole answer, not who is still taking it.
            let isOut = promise ?? context.eventLoop.makePromise(of: Void.self)
            isOut.futureResult.assumeIsolated().whenSuccess { self.answered(context) }
            context.write(data, promise: isOut)
        }
    }

    private func answered(_ context: ChannelHandlerContext) {
        owed -= 1
        guard owed == 0, context.channel.isActive else { return }
        expectHead(context, within: isReceiving ? open.door.headTime : open.door.idleTime)
    }

    // MARK: The rate

    private func watch(_ context: ChannelHandlerContext) {
        guard pace.look == nil, open.door.minimumRate > 0 else { return }
        schedule(&pace.look, context, TimeAmount(open.door.rateTime)) { $0.look($1) }
    }

    private func look(_ context: ChannelHandlerContext) {
        pace.look = nil
        guard context.channel.isActive else { return }
        if isReceiving, isTooSlow() { return cut(context, "a body comes too slowly") }
        do {
            let pending = try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
            guard pending > 0, let socket = context.channel as? any SocketOptionProvider else {
                pace.pending = nil
                pace.written = 0
                if isReceiving || owed > 0 { watch(context) }
                return
            }
            let progress: EventLoopFuture<TCPProgress> = socket.unsafeGetSocketOption(level: .tcp, name: .tcp_info)
            progress.assumeIsolated().whenComplete { result in
                self.look(context, at: pending, acknowledged: ((try? result.get()) ?? TCPProgress()).acknowledged)
            }
        } catch {
            watch(context)
        }
    }

    /// Whether what came since the last look is less than the least rate of the time in which more was wanted.
    private func isTooSlow() -> Bool {
        var waited = pace.waited
        if let since = pace.waitsSince {
            waited = waited + (.now() - since)
            pace.waitsSince = .now()
        }
        let isSlow =
            waited >= TimeAmount(open.door.rateTime / 2)
            && Double(pace.received) < Double(open.door.minimumRate) * waited.seconds
        pace.received = 0
        pace.waited = .zero
        return isSlow
    }

    /// - Parameter acknowledged: bytes that the other end has got of all that was ever sent on this connection. The kernel's own
    ///   buffer takes megabytes at once, so that what has left ours would say little.
    private func look(_ context: ChannelHandlerContext, at pending: Int, acknowledged: UInt64) {
        defer {
            pace.pending = pending
            pace.acknowledged = acknowledged
            pace.written = 0
            watch(context)
        }
        guard let before = pace.pending else { return }
        let taken = max(
            Int(clamping: acknowledged.subtractingReportingOverflow(pace.acknowledged).partialValue),
            before + pace.written - pending)
        let least = Double(open.door.minimumRate) * TimeAmount(open.door.rateTime).seconds
        if Double(taken) < least { cut(context, "an answer is taken too slowly") }
    }
}

/// The beginning of Linux' `struct tcp_info`. https://github.com/torvalds/linux/blob/master/include/uapi/linux/tcp.h
private struct TCPProgress: Sendable {
    /// Eight bytes of states, twenty-four numbers of 32 bits, two rates.
    private var others: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
    private var more: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
    /// `tcpi_bytes_acked`, RFC 4898's tcpEStatsAppHCThruOctetsAcked.
    private(set) var acknowledged: UInt64 = 0
}

/// How many connections each address has.
final class OpenConnections: Sendable {
    let door: FrontDoor
    private let counts = Mutex<[IPAddress: Int]>([:])

    init(_ door: FrontDoor) {
        self.door = door
    }

    /// False where the address has as many as it may; a trusted proxy may have any number.
    func enter(_ address: IPAddress) -> Bool {
        guard door.connectionsPerAddress > 0, !door.proxies.contains(address) else { return true }
        return counts.withLock { counts in
            let count = counts[address, default: 0]
            guard count < door.connectionsPerAddress else { return false }
            counts[address] = count + 1
            return true
        }
    }

    func leave(_ address: IPAddress) {
        counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }
}

extension TimeAmount {
    fileprivate var seconds: Double { Double(nanoseconds) / 1_000_000_000 }
}

extension HTTPRequest {
    var asksBeforeSending: Bool { headerFields[.expect]?.lowercased() == "100-continue" }

    /// Whether the sender of a body waits to be told to go on. One who has announced too long a body is told the answer instead.
    /// https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
    fileprivate func waitsForLeave(upTo limit: Int) -> Bool {
        guard asksBeforeSending else { return false }
        return headerFields[.contentLength].flatMap { Int($0) }.map { (1...limit).contains($0) } ?? true
    }
}
