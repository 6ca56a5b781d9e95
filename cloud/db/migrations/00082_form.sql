-- +goose Up
-- form_table: the layout of a form's physical tables; writers of a layout queue on it.
CREATE TABLE form_table (
  form   TEXT PRIMARY KEY,
  layout BIGINT NOT NULL -- counts the changes of its columns
);
-- form_column: every typed column ever made, with the kind it has for good.
CREATE TABLE form_column (
  form   TEXT NOT NULL,
  sub    TEXT NOT NULL, -- '' for the record itself
  field  TEXT NOT NULL,
  type   TEXT NOT NULL, -- the control it was made for
  store  TEXT NOT NULL, -- what the column holds
  layout BIGINT NOT NULL,
  PRIMARY KEY (form, sub, field)
);
-- form_serial: the last number given out per form, field and period.
CREATE TABLE form_serial (
  form   TEXT NOT NULL,
  field  TEXT NOT NULL,
  period TEXT NOT NULL,
  last   BIGINT NOT NULL,
  PRIMARY KEY (form, field, period)
);
-- form_grant: who may do what with a form's records.
CREATE TABLE form_grant (
  id      TEXT PRIMARY KEY,
  role    TEXT NOT NULL,
  form    TEXT NOT NULL,
  actions TEXT NOT NULL, -- JSON list
  fields  TEXT NOT NULL, -- JSON object: field to r, w or hide
  scope   TEXT NOT NULL  -- JSON condition on records
);
CREATE INDEX form_grant_form ON form_grant (form, role);
-- form_link: from a record's link field to the records it points at.
CREATE TABLE form_link (
  from_form TEXT NOT NULL,
  from_id   TEXT NOT NULL,
  field     TEXT NOT NULL,
  to_form   TEXT NOT NULL,
  to_id     TEXT NOT NULL,
  PRIMARY KEY (from_form, from_id, field, to_form, to_id)
);
CREATE INDEX form_link_to ON form_link (to_form, to_id);
-- record_log: append-only and hash-chained per record; doc_hash is of the whole document after it.
CREATE TABLE record_log (
  form       TEXT NOT NULL,
  id         TEXT NOT NULL,
  rev        BIGINT NOT NULL,
  action     TEXT NOT NULL,
  actor      TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  node       TEXT NOT NULL, -- flow node it was done at, '' for none
  at         BIGINT NOT NULL,
  diff       TEXT NOT NULL, -- JSON list of changes
  doc_hash   TEXT NOT NULL,
  prev_hash  TEXT NOT NULL,
  hash       TEXT NOT NULL,
  PRIMARY KEY (form, id, rev)
);
-- +goose Down
DROP TABLE record_log;
DROP TABLE form_link;
DROP TABLE form_grant;
DROP TABLE form_serial;
DROP TABLE form_column;
DROP TABLE form_table;
