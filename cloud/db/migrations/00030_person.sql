-- +goose Up
-- person is everyone who can sign in or be given a role in an incident.
CREATE TABLE person (
  id         TEXT PRIMARY KEY,
  username   TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
-- credential is how a person proves who they are; the password is an argon2id string.
CREATE TABLE credential (
  person      TEXT PRIMARY KEY REFERENCES person(id),
  password    TEXT NOT NULL,
  must_change INTEGER NOT NULL,
  changed_at  BIGINT NOT NULL
);
-- session holds only the SHA-256 of the token that the browser keeps.
CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  person     TEXT NOT NULL REFERENCES person(id),
  ip         TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL
);
CREATE INDEX session_person ON session(person);
-- login_failure counts towards the lock-out, for names that exist and names that do not.
CREATE TABLE login_failure (
  id       TEXT PRIMARY KEY,
  username TEXT NOT NULL,
  at       BIGINT NOT NULL
);
CREATE INDEX login_failure_username ON login_failure(username, at);
-- +goose Down
DROP TABLE login_failure;
DROP TABLE session;
DROP TABLE credential;
DROP TABLE person;
