-- +goose Up
CREATE TABLE command (
  id         TEXT PRIMARY KEY,
  edge       TEXT NOT NULL,
  verb       TEXT NOT NULL,
  alarm      TEXT NOT NULL, -- '' when it is not about one
  state      TEXT NOT NULL, -- waiting, done, refused, expired
  issued_at  BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  sent       BIGINT NOT NULL DEFAULT 0,
  doc        TEXT NOT NULL,
  result     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX command_state ON command (state, expires_at);
-- +goose Down
DROP TABLE command;
