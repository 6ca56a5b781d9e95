-- +goose Up
CREATE TABLE ingest_cursor (
  edge TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL,
  seq BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (edge, stream, epoch)
);
-- ingest_quarantine: messages that can never be taken, kept as they came.
CREATE TABLE ingest_quarantine (
  sha     TEXT PRIMARY KEY, -- over edge, stream and raw: a repeat counts, it does not grow the table
  edge    TEXT NOT NULL,
  stream  TEXT NOT NULL,
  epoch   TEXT NOT NULL,
  seq     BIGINT NOT NULL, -- 0: the message does not even say
  reason  TEXT NOT NULL,
  raw     TEXT NOT NULL,   -- base64
  seen    BIGINT NOT NULL,
  at      BIGINT NOT NULL
);
-- ingest_gap: records an edge says it no longer has and the cloud never got.
CREATE TABLE ingest_gap (
  edge TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL,
  first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (edge, stream, epoch, first_seq)
);
-- +goose Down
DROP TABLE ingest_gap;
DROP TABLE ingest_quarantine;
DROP TABLE ingest_cursor;
