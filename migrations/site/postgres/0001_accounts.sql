-- Staff accounts, their groups and what these may, login sessions, revocations and the audit log.

CREATE TABLE site_state (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    -- Which database this is: tells a backup of it from one of another shop.
    database_id TEXT COLLATE "C" NOT NULL,
    -- Another value after every change of what somebody may.
    access_version TEXT COLLATE "C" NOT NULL
);
INSERT INTO site_state VALUES (1, replace(gen_random_uuid()::text, '-', ''), replace(gen_random_uuid()::text, '-', ''));

CREATE TABLE staff_member (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login TEXT COLLATE "C" NOT NULL,
    -- The login without case, by which it is found.
    login_key TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    -- A PHC string ($argon2id$…).
    password TEXT COLLATE "C" NOT NULL,
    active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    last_login_at TIMESTAMPTZ
);

CREATE TABLE staff_group (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    description TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE staff_membership (
    member_id BIGINT NOT NULL REFERENCES staff_member (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES staff_group (id) ON DELETE CASCADE,
    PRIMARY KEY (member_id, group_id)
);
CREATE INDEX staff_membership_group ON staff_membership (group_id);

CREATE TABLE group_grant (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id BIGINT NOT NULL REFERENCES staff_group (id) ON DELETE CASCADE,
    -- The right's word (read, staff.manage…).
    action TEXT COLLATE "C" NOT NULL,
    entity TEXT COLLATE "C",
    fields TEXT COLLATE "C",
    department TEXT COLLATE "C"
);
CREATE INDEX group_grant_group ON group_grant (group_id);

CREATE TABLE login_session (
    id TEXT COLLATE "C" PRIMARY KEY,
    member_id BIGINT NOT NULL REFERENCES staff_member (id) ON DELETE CASCADE,
    address TEXT COLLATE "C",
    started_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE INDEX login_session_member ON login_session (member_id, address);
CREATE INDEX login_session_expires ON login_session (expires_at);

-- Every refresh token of a session, used ones too: one that comes a second time ends the session.
CREATE TABLE refresh_token (
    -- SHA-256, hexadecimal; the token itself is nowhere.
    hash TEXT COLLATE "C" PRIMARY KEY,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES login_session (id) ON DELETE CASCADE,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires_at);

CREATE TABLE login_failure (
    -- SHA-256 of who failed: people type passwords into the wrong field.
    who TEXT COLLATE "C" PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL
);
CREATE INDEX login_failure_last ON login_failure (last_at);

CREATE TABLE revocation (
    -- token: by its id; subject: all issued up to a moment.
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('token', 'subject')),
    issuer TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    revoked_at TIMESTAMPTZ NOT NULL,
    -- When it may be forgotten: the token has ended by then.
    expires_at TIMESTAMPTZ,
    PRIMARY KEY (kind, issuer, value)
);

CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    -- JSON, without secrets.
    detail TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C"
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_target ON audit (target, id);
