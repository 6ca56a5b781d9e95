-- +goose Up
-- form_view: lists of a form's records as people like to see them. It never widens rights.
CREATE TABLE form_view (
  id         TEXT PRIMARY KEY,
  form       TEXT NOT NULL,
  owner      TEXT NOT NULL,
  shared     INTEGER NOT NULL, -- 1: everybody who may see the form's records has it
  name       TEXT NOT NULL,
  body       TEXT NOT NULL, -- JSON: filter, fields, sort
  changed_at BIGINT NOT NULL
);
CREATE INDEX form_view_form ON form_view (form, owner);

-- +goose Down
DROP TABLE form_view;
