// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@Suite struct SecretTests {
    private struct Holder {
        let secret = Secret("canary")
    }

    @Test func `a secret does not print, however it is printed`() {
        let secret = Secret("canary")
        var dumped = ""
        dump(Holder(), to: &dumped)
        for text in [
            "\(secret)", "\(Holder())", String(reflecting: secret), String(describing: Optional(secret)), dumped,
        ] {
            #expect(!text.contains("canary"), "\(text)")
        }
        #expect("\(Credential.password(user: "octavia", password: secret))".contains("canary") == false)
        #expect(secret.exposed == "canary")
    }
}

@Suite struct NameTests {
    @Test(arguments: ["test", "token1", "a.b_c-D", "....", String(repeating: "x", count: 63)])
    func `a name within the rule is taken`(name: String) {
        #expect(AuthorizationName(name)?.text == name)
    }

    @Test(arguments: ["", "abc", "a b c d", "nämé", "a/bc", "ab\u{0}cd", "name\n", String(repeating: "x", count: 64)])
    func `a name outside the rule is none`(name: String) {
        #expect(AuthorizationName(name) == nil)
    }

    @Test(arguments: [
        "", "7c6a62ddb2bf45a3920d8053d3cb8fb", "7C6A62DDB2BF45A3920D8053D3CB8FBF", "../../../../../../../etc/passwd0",
    ])
    func `a tenant's id is 32 lower-case hexadecimal digits`(text: String) {
        #expect(TenantID(text) == nil)
        #expect(TenantID("7c6a62ddb2bf45a3920d8053d3cb8fbf") != nil)
    }

    @Test func `a forge is known by its name in any letter case`() {
        #expect(ForgeID(repoType: "GitHub") == .github)
        #expect(ForgeID(repoType: "GITLAB") == .gitlab)
        #expect(ForgeID(repoType: "sourceforge") == nil)
        #expect(ForgeID(repoType: "") == nil)
    }

    @Test(arguments: ["codearts", "CodeArts", "DevCloud"]) func `CodeArts Repo has two names`(name: String) {
        #expect(ForgeID(repoType: name) == .devcloud)
    }

    @Test(arguments: ForgeID.allCases.filter { $0 != .devcloud })
    func `every forge but CodeArts Repo takes personal tokens and OAuth`(forge: ForgeID) {
        #expect(forge.modes.isSuperset(of: [.personal, .oauth]))
        #expect(ForgeID.devcloud.modes == [.password])
    }
}
