-- +goose Up
-- document: one row per thing that can be configured; writers of one queue on it.
CREATE TABLE document (
  kind       TEXT NOT NULL,
  key        TEXT NOT NULL,
  current    BIGINT NOT NULL, -- version in force, 0: never published
  last       BIGINT NOT NULL, -- highest version ever
  retired_at BIGINT NOT NULL, -- 0: in use
  PRIMARY KEY (kind, key)
);
-- document_version: published content, never changed.
CREATE TABLE document_version (
  kind         TEXT NOT NULL,
  key          TEXT NOT NULL,
  version      BIGINT NOT NULL,
  body         TEXT NOT NULL, -- canonical JSON
  checksum     TEXT NOT NULL, -- sha-256 of body, hex
  note         TEXT NOT NULL,
  from_version BIGINT NOT NULL, -- rolled back to, 0: made from a draft
  app          TEXT NOT NULL, -- package it came in, '' if made here
  author       TEXT NOT NULL,
  author_name  TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  PRIMARY KEY (kind, key, version)
);
CREATE TABLE document_draft (
  kind        TEXT NOT NULL,
  key         TEXT NOT NULL,
  rev         BIGINT NOT NULL,
  base        BIGINT NOT NULL, -- version in force when the draft was begun
  body        TEXT NOT NULL,
  author      TEXT NOT NULL,
  author_name TEXT NOT NULL,
  updated_at  BIGINT NOT NULL,
  PRIMARY KEY (kind, key)
);
-- +goose Down
DROP TABLE document_draft;
DROP TABLE document_version;
DROP TABLE document;
