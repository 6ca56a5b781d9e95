-- +goose Up
-- notice: what one person is told, once per key.
CREATE TABLE notice (
  id      TEXT PRIMARY KEY,
  person  TEXT NOT NULL,
  key     TEXT NOT NULL,
  topic   TEXT NOT NULL, -- the key up to its last slash: what is settled together
  subject TEXT NOT NULL, -- the topic up to the slash before: what it is about
  kind    TEXT NOT NULL,
  urgency BIGINT NOT NULL, -- 0 normal, 1 soon, 2 urgent
  todo    INTEGER NOT NULL,
  title   TEXT NOT NULL, -- JSON of both languages
  body    TEXT NOT NULL, -- the same
  link    TEXT NOT NULL,
  at      BIGINT NOT NULL,
  read_at BIGINT NOT NULL DEFAULT 0,
  done_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX notice_once ON notice (person, key);
CREATE INDEX notice_list ON notice (person, at, id);
CREATE INDEX notice_unread ON notice (person, at, id) WHERE read_at = 0;
CREATE INDEX notice_todo ON notice (person, subject) WHERE done_at = 0;
CREATE INDEX notice_topic ON notice (topic) WHERE done_at = 0;
-- notice_change: whose notices have changed since their open pages were told.
CREATE TABLE notice_change (
  id     TEXT PRIMARY KEY,
  person TEXT NOT NULL
);
-- notice_delivery: the outbox, a notice by a channel. Sent means handed over, no more.
CREATE TABLE notice_delivery (
  notice      TEXT NOT NULL,
  channel     TEXT NOT NULL,
  state       TEXT NOT NULL, -- waiting, failed (tried again), sent, dead, dropped
  attempts    BIGINT NOT NULL DEFAULT 0,
  next_at     BIGINT NOT NULL,
  lease_until BIGINT NOT NULL DEFAULT 0,
  last_error  TEXT NOT NULL DEFAULT '',
  made_at     BIGINT NOT NULL,
  ended_at    BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (notice, channel)
);
CREATE INDEX notice_delivery_due ON notice_delivery (next_at) WHERE ended_at = 0;
CREATE INDEX notice_delivery_state ON notice_delivery (state, made_at, notice);
-- push_subscription: a browser that a person lets tell them.
CREATE TABLE push_subscription (
  id       TEXT PRIMARY KEY, -- made from the endpoint: a browser has one
  person   TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  p256dh   TEXT NOT NULL,
  auth     TEXT NOT NULL,
  language TEXT NOT NULL,
  made_at  BIGINT NOT NULL
);
CREATE INDEX push_subscription_person ON push_subscription (person);
-- notice_quiet: a person's own quiet hours, in minutes of the day.
CREATE TABLE notice_quiet (
  person   TEXT PRIMARY KEY,
  from_min BIGINT NOT NULL,
  to_min   BIGINT NOT NULL
);
-- +goose Down
DROP TABLE notice_quiet;
DROP TABLE push_subscription;
DROP TABLE notice_delivery;
DROP TABLE notice_change;
DROP TABLE notice;
