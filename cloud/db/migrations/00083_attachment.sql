-- +goose Up
-- upload: a file that is coming in; what is acknowledged stands in received.
CREATE TABLE upload (
  id         TEXT PRIMARY KEY,
  owner      TEXT NOT NULL,
  owner_name TEXT NOT NULL,
  name       TEXT NOT NULL,
  size       BIGINT NOT NULL, -- bytes, as announced
  mime       TEXT NOT NULL,   -- as announced, '' unknown
  purpose    TEXT NOT NULL,
  limits     TEXT NOT NULL,   -- JSON, as told when it was begun
  sha256     TEXT NOT NULL,   -- of the whole, as announced, '' unknown
  taken_at   BIGINT NOT NULL, -- as announced, 0 unknown
  place      TEXT NOT NULL,
  received   BIGINT NOT NULL, -- bytes that are safe on the disk
  begun_at   BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX upload_owner ON upload (owner);
CREATE INDEX upload_expires ON upload (expires_at);
-- attachment: a finished file; its bytes are in the attachments folder under sha256.
CREATE TABLE attachment (
  id              TEXT PRIMARY KEY, -- of the upload it was
  sha256          TEXT NOT NULL,    -- of what is served
  mime            TEXT NOT NULL,    -- read from the bytes
  name            TEXT NOT NULL,
  size            BIGINT NOT NULL,
  width           BIGINT NOT NULL,  -- pixels, 0 unknown
  height          BIGINT NOT NULL,
  millis          BIGINT NOT NULL,  -- duration, -1 unknown
  taken_at        BIGINT NOT NULL,  -- 0 unknown
  taken_from      TEXT NOT NULL,    -- file, told or ''
  lat             DOUBLE PRECISION, -- NULL unknown
  lon             DOUBLE PRECISION,
  place           TEXT NOT NULL,
  purpose         TEXT NOT NULL,
  thumbs          TEXT NOT NULL,    -- sha256 whose thumbnails are shown, '' none
  original_sha256 TEXT NOT NULL,    -- of what was sent
  original_size   BIGINT NOT NULL,
  by_id           TEXT NOT NULL,
  by_name         TEXT NOT NULL,
  at              BIGINT NOT NULL,
  loose_at        BIGINT NOT NULL   -- since when nothing refers to it, 0: something does
);
CREATE INDEX attachment_sha256 ON attachment (sha256);
CREATE INDEX attachment_thumbs ON attachment (thumbs);
CREATE INDEX attachment_loose ON attachment (loose_at);
-- attachment_ref: what refers to an attachment, and by that says who may read it.
CREATE TABLE attachment_ref (
  attachment TEXT NOT NULL,
  kind       TEXT NOT NULL, -- the noun: form, attachment, ...
  scope      TEXT NOT NULL, -- the form
  record     TEXT NOT NULL,
  field      TEXT NOT NULL,
  PRIMARY KEY (attachment, kind, scope, record, field)
);
CREATE INDEX attachment_ref_record ON attachment_ref (kind, scope, record);
-- +goose Down
DROP TABLE attachment_ref;
DROP TABLE attachment;
DROP TABLE upload;
