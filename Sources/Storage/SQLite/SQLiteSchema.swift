// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The tables, step by step. A step that has shipped is never changed; a change is a new step.
///
/// The schema is trusted more than the code: types (STRICT), lengths, alphabets, uniqueness and what hangs on what are
/// stated here and hold for every program that opens the file.
///
/// Whoever deletes a tenant deletes all that it has, its sealed credentials included. Whoever deletes a user deletes the
/// user's access keys, tokens and unfinished OAuth flows; authorizations belong to the tenant and stay.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 house") { database in
            try database.execute(sql: house)
            try database.execute(sql: mark)
        }
        migrator.registerMigration("2 forges and leases") { database in
            try database.execute(sql: forgesAndLeases)
        }
        migrator.registerMigration("3 standing") { database in
            try database.execute(sql: standing)
        }
        migrator.registerMigration("5 accounts") { database in
            try database.execute(sql: accounts)
        }
        migrator.registerMigration("7 temporary keys") { database in
            try database.execute(sql: temporaryKeys)
        }
        migrator.registerMigration(auditStep) { database in
            try database.execute(sql: audit)
        }
        migrator.registerMigration("9 external identity") { database in
            try database.execute(sql: externalIdentity)
        }
        migrator.registerMigration("10 policies") { database in
            try database.execute(sql: policies)
        }
        migrator.registerMigration("11 front door") { database in
            try database.execute(sql: frontDoor)
        }
        return migrator
    }

    /// The step from which on a store has a record.
    static let auditStep = "8 audit"

    /// `GATE` in ASCII. https://www.sqlite.org/fileformat2.html#application_id
    static let applicationID = 0x4741_5445

    /// Written into the file's header.
    static let mark = "PRAGMA application_id = \(applicationID)"

    /// False for a database that has tables and does not bear the mark: another program's, to be left alone.
    static func isOursOrNew(_ database: Database) throws -> Bool {
        if try Int.fetchOne(database, sql: "PRAGMA application_id") == applicationID { return true }
        let tables = try Int.fetchOne(
            database, sql: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> 'grdb_migrations'")
        return tables == 0
    }

    private static let identifier = "length(%) = 32 AND % NOT GLOB '*[^0-9a-f]*'"

    private static func isIdentifier(_ column: String) -> String {
        "CHECK (\(identifier.split(separator: "%", omittingEmptySubsequences: false).joined(separator: column)))"
    }

    private static let house = """
        CREATE TABLE master_keys (
            version INTEGER PRIMARY KEY CHECK (version BETWEEN 1 AND 1000000),
            -- A known text sealed under the key: the proof that a key offered at the start is this one.
            proof BLOB NOT NULL,
            created INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE tenants (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE \(isIdentifier("id")),
            domain TEXT NOT NULL UNIQUE \(isIdentifier("domain")),
            name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
            created INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE users (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE \(isIdentifier("id")),
            tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
            -- A hash with its parameters, never a password.
            password TEXT NOT NULL CHECK (password GLOB 'scrypt$*'),
            created INTEGER NOT NULL,
            UNIQUE (tenant, name),
            -- What the tables below refer to, so that their tenant is always their user's.
            UNIQUE (tenant, id)
        ) STRICT;

        CREATE TABLE access_keys (
            id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 4 AND 64 AND id NOT GLOB '*[^0-9A-Za-z]*'),
            tenant TEXT NOT NULL,
            user TEXT NOT NULL,
            created INTEGER NOT NULL,
            key_version INTEGER NOT NULL REFERENCES master_keys (version),
            sealed BLOB NOT NULL,
            FOREIGN KEY (tenant, user) REFERENCES users (tenant, id) ON DELETE CASCADE
        ) STRICT;
        CREATE INDEX access_keys_by_user ON access_keys (tenant, user);

        CREATE TABLE tokens (
            digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
            tenant TEXT NOT NULL,
            user TEXT NOT NULL,
            scope TEXT NOT NULL CHECK (scope IN ('project', 'domain', 'none')),
            methods TEXT NOT NULL,
            issued INTEGER NOT NULL,
            expires INTEGER NOT NULL CHECK (expires > issued),
            FOREIGN KEY (tenant, user) REFERENCES users (tenant, id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tokens_by_user ON tokens (tenant, user);
        CREATE INDEX tokens_by_end ON tokens (expires);

        CREATE TABLE authorizations (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE \(isIdentifier("id")),
            tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 4 AND 63 AND name NOT GLOB '*[^0-9A-Za-z._-]*'),
            forge TEXT NOT NULL CHECK (forge IN ('github', 'gitlab', 'bitbucket', 'gitee', 'devcloud')),
            mode TEXT NOT NULL CHECK (mode IN ('oauth', 'personal', 'password')),
            host TEXT NOT NULL CHECK (host <> ''),
            home TEXT NOT NULL,
            user TEXT NOT NULL,
            avatar TEXT NOT NULL,
            site TEXT,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            status INTEGER NOT NULL CHECK (status IN (0, 1, 2)),
            key_version INTEGER NOT NULL REFERENCES master_keys (version),
            revision INTEGER NOT NULL CHECK (revision > 0),
            sealed BLOB NOT NULL,
            UNIQUE (tenant, name)
        ) STRICT;
        CREATE INDEX authorizations_by_tenant ON authorizations (tenant);

        CREATE TABLE oauth_states (
            digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
            tenant TEXT NOT NULL,
            user TEXT NOT NULL,
            forge TEXT NOT NULL,
            site TEXT,
            name TEXT,
            expires INTEGER NOT NULL,
            key_version INTEGER NOT NULL REFERENCES master_keys (version),
            sealed BLOB NOT NULL,
            FOREIGN KEY (tenant, user) REFERENCES users (tenant, id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX oauth_states_by_user ON oauth_states (tenant, user);
        CREATE INDEX oauth_states_by_end ON oauth_states (expires);
        """

    /// The forges are listed by the program, not by the table: a table's list cannot be changed without writing it anew.
    private static let forgesAndLeases = """
        CREATE TABLE new_authorizations (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE \(isIdentifier("id")),
            tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 4 AND 63 AND name NOT GLOB '*[^0-9A-Za-z._-]*'),
            forge TEXT NOT NULL CHECK (length(forge) BETWEEN 1 AND 32 AND forge NOT GLOB '*[^a-z]*'),
            mode TEXT NOT NULL CHECK (mode IN ('oauth', 'personal', 'password')),
            host TEXT NOT NULL CHECK (host <> ''),
            home TEXT NOT NULL,
            user TEXT NOT NULL,
            avatar TEXT NOT NULL,
            site TEXT,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            status INTEGER NOT NULL CHECK (status IN (0, 1, 2)),
            key_version INTEGER NOT NULL REFERENCES master_keys (version),
            revision INTEGER NOT NULL CHECK (revision > 0),
            sealed BLOB NOT NULL,
            UNIQUE (tenant, name)
        ) STRICT;
        INSERT INTO new_authorizations (number, id, tenant, name, forge, mode, host, home, user, avatar, site, created,
            updated, status, key_version, revision, sealed)
        SELECT number, id, tenant, name, forge, mode, host, home, user, avatar, site, created,
            updated, status, key_version, revision, sealed FROM authorizations;
        DROP TABLE authorizations;
        ALTER TABLE new_authorizations RENAME TO authorizations;
        CREATE INDEX authorizations_by_tenant ON authorizations (tenant);

        -- Who works on what at the moment, among all programs that have the file open.
        CREATE TABLE leases (
            name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
            owner TEXT NOT NULL CHECK (owner <> ''),
            expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// Columns of what is seen, not of what was decided: they are not bound to the seal.
    private static let standing = """
        -- Why the status is not 0.
        ALTER TABLE authorizations ADD COLUMN reason TEXT CHECK (length(reason) BETWEEN 1 AND 32);
        UPDATE authorizations SET reason = CASE status WHEN 1 THEN 'expired' ELSE 'refused' END WHERE status <> 0;
        -- When the forge last accepted the credential, and when a caller last used it.
        ALTER TABLE authorizations ADD COLUMN proved INTEGER;
        ALTER TABLE authorizations ADD COLUMN used INTEGER;
        -- When the credential ends unless somebody acts, and what it may do, as far as it is known.
        ALTER TABLE authorizations ADD COLUMN expires INTEGER;
        ALTER TABLE authorizations ADD COLUMN scopes TEXT;
        ALTER TABLE authorizations ADD COLUMN next_check INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX authorizations_by_check ON authorizations (next_check);
        """

    /// Who else has a grant of the same person is asked at every deletion.
    private static let accounts = """
        CREATE INDEX authorizations_by_account ON authorizations (forge, host, user COLLATE NOCASE)
            WHERE mode = 'oauth';
        """

    private static let temporaryKeys = """
        -- Of a temporary key: when it ends, and the SHA-256 of the security token that goes with it.
        ALTER TABLE access_keys ADD COLUMN expires INTEGER CHECK (expires > created);
        ALTER TABLE access_keys ADD COLUMN token BLOB
            CHECK ((token IS NULL) = (expires IS NULL) AND (token IS NULL OR length(token) = 32));
        CREATE INDEX access_keys_by_end ON access_keys (expires) WHERE expires IS NOT NULL;

        -- Signatures of requests that change something, for as long as their time would let them in again.
        CREATE TABLE used_signatures (
            digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
            used INTEGER NOT NULL,
            uses INTEGER NOT NULL CHECK (uses > 0),
            expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX used_signatures_by_end ON used_signatures (expires);
        """

    /// The record outlives what it tells of, so that nothing in it refers to another table. `authorization` is no word of SQL's.
    private static let audit = """
        CREATE TABLE audit_events (
            sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
            id TEXT NOT NULL UNIQUE \(isIdentifier("id")),
            time INTEGER NOT NULL,
            tenant TEXT,
            actor TEXT NOT NULL CHECK (actor IN ('user', 'operator', 'service')),
            user TEXT,
            user_name TEXT,
            action TEXT NOT NULL CHECK (action <> ''),
            authorization TEXT,
            authorization_id TEXT,
            forge TEXT,
            repository TEXT,
            status INTEGER NOT NULL,
            error_code TEXT,
            request_id TEXT,
            source TEXT,
            duration INTEGER NOT NULL,
            lost INTEGER,
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT;
        CREATE INDEX audit_events_by_tenant ON audit_events (tenant, sequence);

        CREATE TABLE audit_head (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            first INTEGER NOT NULL,
            anchor BLOB NOT NULL CHECK (length(anchor) = 32),
            sequence INTEGER NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            key_version INTEGER NOT NULL REFERENCES master_keys (version),
            signature BLOB NOT NULL
        ) STRICT;
        """

    /// Projects and users of an external Keystone, beside those that were made here. Names of the two know nothing of each other, and
    /// a user of Keystone may be in several projects: so what is unique by itself is so among those only that were made here.
    private static let externalIdentity = """
        CREATE TABLE new_tenants (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE \(isIdentifier("id")),
            domain TEXT NOT NULL CHECK (length(domain) BETWEEN 1 AND 64),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
            created INTEGER NOT NULL,
            -- The name of the domain that the project is in; NULL for a tenant that was made here.
            external_domain TEXT CHECK (length(external_domain) BETWEEN 1 AND 255),
            CHECK (external_domain IS NOT NULL
                OR (length(domain) = 32 AND domain NOT GLOB '*[^0-9a-f]*' AND length(name) <= 64))
        ) STRICT;
        INSERT INTO new_tenants (number, id, domain, name, created) SELECT number, id, domain, name, created FROM tenants;
        DROP TABLE tenants;
        ALTER TABLE new_tenants RENAME TO tenants;
        CREATE UNIQUE INDEX tenants_by_domain ON tenants (domain) WHERE external_domain IS NULL;
        CREATE UNIQUE INDEX tenants_by_name ON tenants (name) WHERE external_domain IS NULL;

        CREATE TABLE new_users (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^0-9A-Za-z_-]*'),
            tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
            -- A hash with its parameters, never a password; NULL for a user of the external Keystone.
            password TEXT CHECK (password GLOB 'scrypt$*'),
            created INTEGER NOT NULL,
            -- What the Keystone has told last, a line for each; NULL for a user that was made here.
            roles TEXT,
            UNIQUE (tenant, id),
            CHECK ((password IS NULL) = (roles IS NOT NULL)),
            CHECK (password IS NULL OR (length(id) = 32 AND id NOT GLOB '*[^0-9a-f]*' AND length(name) <= 64))
        ) STRICT;
        INSERT INTO new_users (number, id, tenant, name, password, created)
        SELECT number, id, tenant, name, password, created FROM users;
        DROP TABLE users;
        ALTER TABLE new_users RENAME TO users;
        CREATE UNIQUE INDEX users_by_id ON users (id) WHERE password IS NOT NULL;
        CREATE UNIQUE INDEX users_by_name ON users (tenant, name) WHERE password IS NOT NULL;
        """

    /// Nothing here holds a name, an address or a password: keys and places are SHA-256 digests.
    private static let frontDoor = """
        -- Sign-ins that have failed: of a user from a place, of a user, from a place.
        CREATE TABLE sign_in_failures (
            key BLOB PRIMARY KEY CHECK (length(key) = 32),
            failures INTEGER NOT NULL CHECK (failures > 0),
            last INTEGER NOT NULL,
            expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sign_in_failures_by_end ON sign_in_failures (expires);

        -- From where a user has signed in with the right password.
        CREATE TABLE sign_in_places (
            tenant TEXT NOT NULL,
            user TEXT NOT NULL,
            place BLOB NOT NULL CHECK (length(place) = 32),
            last INTEGER NOT NULL,
            PRIMARY KEY (user, place),
            FOREIGN KEY (tenant, user) REFERENCES users (tenant, id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;

        -- What a tenant may use, where the operator has said so; NULL for the configured number.
        CREATE TABLE quotas (
            tenant TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
            authorizations INTEGER CHECK (authorizations >= 0),
            requests INTEGER CHECK (requests >= 0),
            burst INTEGER CHECK (burst >= 0),
            calls INTEGER CHECK (calls >= 0)
        ) STRICT, WITHOUT ROWID;
        """

    /// A policy that is attached need not stand here: there are those of the system.
    private static let policies = """
        CREATE TABLE policies (
            name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64 AND name NOT GLOB '*[^0-9A-Za-z._-]*'),
            document TEXT NOT NULL CHECK (length(document) BETWEEN 1 AND 16384),
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE policy_attachments (
            tenant TEXT NOT NULL,
            user TEXT NOT NULL,
            policy TEXT NOT NULL CHECK (length(policy) BETWEEN 1 AND 64),
            PRIMARY KEY (tenant, user, policy),
            FOREIGN KEY (tenant, user) REFERENCES users (tenant, id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX policy_attachments_by_policy ON policy_attachments (policy);

        -- What may go through the authorization, as its owner says; NULL for whatever its users may do. Not bound to the seal.
        ALTER TABLE authorizations ADD COLUMN use_policy TEXT CHECK (length(use_policy) BETWEEN 1 AND 16384);
        """
}
