-- +goose Up
-- audit is append-only; hash covers the row and prev_hash, the hash of the row before.
CREATE TABLE audit (
  seq        BIGINT PRIMARY KEY,
  at         BIGINT NOT NULL,
  actor      TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action     TEXT NOT NULL,
  object     TEXT NOT NULL,
  ip         TEXT NOT NULL,
  data       TEXT NOT NULL,
  prev_hash  TEXT NOT NULL,
  hash       TEXT NOT NULL
);
CREATE INDEX audit_object ON audit(object, seq);
-- audit_head is the end of the chain: the one row that writers queue on, and the
-- witness that the tail was not cut off.
CREATE TABLE audit_head (
  id   INTEGER PRIMARY KEY,
  seq  BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
-- +goose Down
DROP TABLE audit_head;
DROP TABLE audit;
