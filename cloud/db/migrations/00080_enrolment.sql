-- +goose Up
-- enrolment_token: a promise to give one edge one certificate.
CREATE TABLE enrolment_token (
  id         TEXT PRIMARY KEY,
  edge       TEXT NOT NULL,
  mac_key    TEXT NOT NULL, -- base64; made from the secret, which is kept nowhere
  made_by    TEXT NOT NULL,
  made_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL DEFAULT 0,
  serial     TEXT NOT NULL DEFAULT '', -- of the certificate it became
  revoked_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX enrolment_token_edge ON enrolment_token (edge, made_at);
-- edge_certificate: every certificate ever given out.
CREATE TABLE edge_certificate (
  serial     TEXT PRIMARY KEY, -- hex
  edge       TEXT NOT NULL,
  not_before BIGINT NOT NULL,
  not_after  BIGINT NOT NULL,
  der        TEXT NOT NULL, -- base64
  csr_hash   TEXT NOT NULL, -- a repeated request gets the same certificate again
  revoked_at BIGINT NOT NULL DEFAULT 0,
  revoked_by TEXT NOT NULL DEFAULT '',
  reason     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX edge_certificate_edge ON edge_certificate (edge, not_before);
DROP TABLE edge_credential;
-- +goose Down
CREATE TABLE edge_credential (
  edge       TEXT PRIMARY KEY,
  hash       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
DROP TABLE edge_certificate;
DROP TABLE enrolment_token;
