// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges

/// The external Keystone, where one is set up: whether it can be reached and takes the service user.
extension Doctor {
    func examineKeystone() async {
        tell(ConfigurationCheck(configuration).identity)
        guard let keystone = configuration.keystone else { return }
        do {
            try await keystone.withClient { client in try await client.check() }
            tell(
                .good(
                    "keystone",
                    "\(keystone.service.address) answers and takes the service user \(keystone.service.login.user)"))
        } catch {
            tell(.bad("keystone", "\(error)"))
        }
    }
}
