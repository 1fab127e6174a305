-- Staff accounts, their groups and what these may, login sessions, revocations and the audit log.
-- Times are UTC texts of one form (2026-01-31T08:00:00.000000Z), which sort as they follow each other.

CREATE TABLE site_state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- Which database this is: tells a backup of it from one of another shop.
    database_id TEXT NOT NULL,
    -- Another value after every change of what somebody may.
    access_version TEXT NOT NULL
);
INSERT INTO site_state VALUES (1, lower(hex(randomblob(16))), lower(hex(randomblob(16))));

CREATE TABLE staff_member (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    login TEXT NOT NULL,
    -- The login without case, by which it is found.
    login_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- A PHC string ($argon2id$…).
    password TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    last_login_at TEXT
);

CREATE TABLE staff_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
);

CREATE TABLE staff_membership (
    member_id INTEGER NOT NULL REFERENCES staff_member (id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL REFERENCES staff_group (id) ON DELETE CASCADE,
    PRIMARY KEY (member_id, group_id)
);
CREATE INDEX staff_membership_group ON staff_membership (group_id);

CREATE TABLE group_grant (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER NOT NULL REFERENCES staff_group (id) ON DELETE CASCADE,
    -- The right's word (read, staff.manage…).
    action TEXT NOT NULL,
    entity TEXT,
    fields TEXT,
    department TEXT
);
CREATE INDEX group_grant_group ON group_grant (group_id);

CREATE TABLE login_session (
    id TEXT PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES staff_member (id) ON DELETE CASCADE,
    address TEXT,
    started_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT
);
CREATE INDEX login_session_member ON login_session (member_id, address);
CREATE INDEX login_session_expires ON login_session (expires_at);

-- Every refresh token of a session, used ones too: one that comes a second time ends the session.
CREATE TABLE refresh_token (
    -- SHA-256, hexadecimal; the token itself is nowhere.
    hash TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES login_session (id) ON DELETE CASCADE,
    issued_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires_at);

CREATE TABLE login_failure (
    -- SHA-256 of who failed: people type passwords into the wrong field.
    who TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    until TEXT NOT NULL
);
CREATE INDEX login_failure_last ON login_failure (last_at);

CREATE TABLE revocation (
    -- token: by its id; subject: all issued up to a moment.
    kind TEXT NOT NULL CHECK (kind IN ('token', 'subject')),
    issuer TEXT NOT NULL,
    value TEXT NOT NULL,
    revoked_at TEXT NOT NULL,
    -- When it may be forgotten: the token has ended by then.
    expires_at TEXT,
    PRIMARY KEY (kind, issuer, value)
);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    -- JSON, without secrets.
    detail TEXT NOT NULL,
    request_id TEXT
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_target ON audit (target, id);
