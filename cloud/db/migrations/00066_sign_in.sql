-- +goose Up
ALTER TABLE session ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN renewed_at BIGINT NOT NULL DEFAULT 0; -- the password was given again; 0: never
ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';       -- what the browser says it is
-- totp: confirmed_at 0 means that it was begun but no code has been shown yet.
CREATE TABLE totp (
  person       TEXT PRIMARY KEY REFERENCES person(id),
  secret       TEXT NOT NULL,
  confirmed_at BIGINT NOT NULL,
  last_step    BIGINT NOT NULL -- the newest time step whose code was used
);
CREATE TABLE recovery_code (
  person  TEXT NOT NULL REFERENCES person(id),
  hash    TEXT NOT NULL,
  used_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (person, hash)
);
CREATE TABLE api_key (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,
  hash        TEXT NOT NULL UNIQUE, -- SHA-256 of the whole key
  person      TEXT NOT NULL REFERENCES person(id),
  permissions TEXT NOT NULL, -- JSON list
  scopes      TEXT NOT NULL, -- JSON list
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  used_at     BIGINT NOT NULL DEFAULT 0,
  revoked_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_key_person ON api_key (person);
-- outside_identity binds an account to one identity of an outside provider.
CREATE TABLE outside_identity (
  issuer    TEXT NOT NULL,
  subject   TEXT NOT NULL,
  person    TEXT NOT NULL REFERENCES person(id),
  linked_at BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX outside_identity_person ON outside_identity (issuer, person);
CREATE INDEX audit_at ON audit (at);
-- +goose Down
DROP INDEX audit_at;
DROP TABLE outside_identity;
DROP TABLE api_key;
DROP TABLE recovery_code;
DROP TABLE totp;
ALTER TABLE session DROP COLUMN agent;
ALTER TABLE session DROP COLUMN renewed_at;
ALTER TABLE session DROP COLUMN locked;
