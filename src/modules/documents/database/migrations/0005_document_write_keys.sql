-- Results of writes whose requests had an Idempotency-Key, for a day. The key is its SHA-256.
create table document_write_keys (
  key text primary key,
  fingerprint text not null,
  result jsonb not null,
  written_at timestamptz not null default now()
);
create index document_write_keys_age on document_write_keys (written_at);
