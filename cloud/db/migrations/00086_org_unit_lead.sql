-- +goose Up
-- lead: whoever holds this post is head of the unit above it.
ALTER TABLE org_unit ADD COLUMN lead BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE org_unit DROP COLUMN lead;
