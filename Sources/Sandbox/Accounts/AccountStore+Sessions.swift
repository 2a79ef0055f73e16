// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension AccountStore {
    /// A new session that nobody has signed in to.
    func openSession() -> SignInSession {
        let session = SignInSession(
            id: KeptSecret(RandomText.alphanumeric(40)),
            formToken: KeptSecret(RandomText.alphanumeric(40)),
            userID: nil
        )
        update { state in
            // Whoever never comes back must not fill the memory.
            if state.sessions.count > 1000 { state.sessions.removeFirst(500) }
            state.sessions.append(session)
        }
        return session
    }

    /// The session that a cookie's value names.
    func session(_ id: String) -> SignInSession? {
        read { $0.sessions.first { $0.id.text == id } }
    }

    /// Signs in: the old session ends and a new one begins, so that a cookie known before is worth nothing after.
    /// - Returns: nil where user or password are wrong.
    func signIn(_ session: SignInSession, user: String, password: String) -> SignInSession? {
        update { state in
            guard let found = state.user(signingInAs: user, password: password) else { return nil }
            state.sessions.removeAll { $0.id == session.id }
            let opened = SignInSession(
                id: KeptSecret(RandomText.alphanumeric(40)),
                formToken: KeptSecret(RandomText.alphanumeric(40)),
                userID: found.id
            )
            state.sessions.append(opened)
            return opened
        }
    }
}
