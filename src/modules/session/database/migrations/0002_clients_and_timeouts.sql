-- The client that used the session last (JSON), and its own idle timeout; null for unknown and for the common one.
alter table larder_session add column client text, add column idle_timeout_ms bigint;
