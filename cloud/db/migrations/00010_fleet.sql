-- +goose Up
CREATE TABLE community (
  id        TEXT PRIMARY KEY,
  name      TEXT NOT NULL, -- JSON {zh,en}
  time_zone TEXT NOT NULL
);
CREATE TABLE building (
  id             TEXT PRIMARY KEY,
  community      TEXT NOT NULL,
  name           TEXT NOT NULL,
  floors         TEXT NOT NULL, -- JSON list, bottom to top
  unit_entrances TEXT NOT NULL  -- JSON list
);
CREATE TABLE edge (
  id              TEXT PRIMARY KEY,
  name            TEXT NOT NULL,
  building        TEXT NOT NULL DEFAULT '',
  boot            TEXT NOT NULL DEFAULT '',
  config          TEXT NOT NULL DEFAULT '',
  software        TEXT NOT NULL DEFAULT '',
  last_seen       BIGINT NOT NULL DEFAULT 0,
  lost_since      BIGINT NOT NULL DEFAULT 0, -- 0: not lost
  clock_offset_ms BIGINT NOT NULL DEFAULT 0,
  pending         TEXT NOT NULL DEFAULT '{}',
  disk_free       BIGINT NOT NULL DEFAULT 0,
  manifest        TEXT NOT NULL DEFAULT ''   -- the newest one, as sent
);
CREATE TABLE bus (
  edge TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (edge, id)
);
CREATE TABLE device (
  edge TEXT NOT NULL, id TEXT NOT NULL, bus TEXT NOT NULL, profile TEXT NOT NULL, model TEXT NOT NULL,
  verified BIGINT NOT NULL, name TEXT NOT NULL, building TEXT NOT NULL, floor BIGINT NOT NULL, place TEXT NOT NULL,
  PRIMARY KEY (edge, id)
);
CREATE TABLE point (
  edge TEXT NOT NULL, id TEXT NOT NULL, device TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,
  decimals BIGINT NOT NULL, alarm BIGINT NOT NULL,
  PRIMARY KEY (edge, id)
);
CREATE TABLE output (
  edge TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, verbs TEXT NOT NULL, place TEXT NOT NULL,
  PRIMARY KEY (edge, id)
);
CREATE TABLE check_in (
  edge TEXT NOT NULL, epoch TEXT NOT NULL, seq BIGINT NOT NULL, reader TEXT NOT NULL, name TEXT NOT NULL,
  place TEXT NOT NULL, uid TEXT NOT NULL, at BIGINT NOT NULL, recv_at BIGINT NOT NULL,
  PRIMARY KEY (edge, epoch, seq)
);
CREATE INDEX check_in_at ON check_in (at);
CREATE TABLE edge_credential (
  edge       TEXT PRIMARY KEY,
  hash       TEXT NOT NULL, -- argon2id, PHC string
  created_at BIGINT NOT NULL
);
-- +goose Down
DROP TABLE edge_credential;
DROP TABLE check_in;
DROP TABLE output;
DROP TABLE point;
DROP TABLE device;
DROP TABLE bus;
DROP TABLE edge;
DROP TABLE building;
DROP TABLE community;
