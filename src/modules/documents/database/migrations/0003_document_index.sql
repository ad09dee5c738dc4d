-- Vectors are made from documents, so they are made again in their new form: the embedding cache still has most of them.
drop table document_vectors;

-- Why search can not find a document; null where it can, or will.
alter table documents add column search_problem text;
create index documents_search_problem on documents (id) where search_problem is not null;

-- Vectors of one model and one width can be compared with each other, and with no others.
create table document_vector_spaces (
  id integer generated always as identity primary key,
  model text not null,
  dimensions integer not null,
  -- Documents that existed before the space: those up to this id were put into the queue.
  queued_through uuid,
  is_queued boolean not null default false,
  -- The one indexer of the space. Every save renews the lease under its token, so an indexer that lost it saves nothing.
  lease_owner uuid,
  lease_token bigint not null default 0,
  leased_until timestamptz not null default to_timestamp(0),
  used_at timestamptz not null default now(),
  unique (model, dimensions)
);

create table document_vectors (
  space_id integer not null references document_vector_spaces on delete cascade,
  document_id uuid not null references documents on delete cascade,
  -- Of unit length.
  vector real[] not null,
  -- The vector in four bits a number, one plane for each bit: a number is about low + step * bits; total is the sum of all bits.
  plane0 bit varying not null,
  plane1 bit varying not null,
  plane2 bit varying not null,
  plane3 bit varying not null,
  low real not null,
  step real not null,
  total integer not null,
  primary key (space_id, document_id)
);
create index document_vectors_document on document_vectors (document_id);
-- Numbers of a vector do not compress; kept apart, they leave the planes close together.
alter table document_vectors alter column vector set storage external;

-- Documents whose vector is missing or of an older text.
create sequence document_index_revisions;
create table document_index_queue (
  space_id integer not null references document_vector_spaces on delete cascade,
  document_id uuid not null references documents on delete cascade,
  -- Changes with each new text, so that the vector of an older text leaves the document in the queue.
  revision bigint not null default nextval('document_index_revisions'),
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  primary key (space_id, document_id)
);
create index document_index_queue_due on document_index_queue (space_id, due_at);
create index document_index_queue_document on document_index_queue (document_id);

-- In the database, so that a document which is written by SQL is found as well.
create function queue_new_documents() returns trigger language plpgsql as $$
begin
  insert into document_index_queue (space_id, document_id)
  select space.id, document.id from document_vector_spaces as space, written as document
  on conflict (space_id, document_id) do update set revision = excluded.revision, due_at = excluded.due_at, attempts = 0;
  return null;
end
$$;

create function queue_changed_documents() returns trigger language plpgsql as $$
begin
  insert into document_index_queue (space_id, document_id)
  select space.id, after.id from document_vector_spaces as space, written as after join known as before using (id)
  where (after.title, after.body) is distinct from (before.title, before.body)
  on conflict (space_id, document_id) do update set revision = excluded.revision, due_at = excluded.due_at, attempts = 0;
  return null;
end
$$;

create trigger documents_inserted after insert on documents
  referencing new table as written for each statement execute function queue_new_documents();
create trigger documents_updated after update on documents
  referencing old table as known new table as written for each statement execute function queue_changed_documents();
