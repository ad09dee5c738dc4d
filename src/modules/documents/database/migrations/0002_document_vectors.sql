-- A vector for each document and model, of unit length. `version` is that of the document it was made from.
create table document_vectors (
  document_id uuid not null references documents on delete cascade,
  model text not null,
  version integer not null,
  vector real[] not null,
  primary key (document_id, model)
);

-- pgvector compares vectors several times faster; without it plain SQL gives the same order.
do $$
begin
  if exists (select from pg_available_extensions where name = 'vector') then
    create extension if not exists vector;
  end if;
exception when insufficient_privilege then
  null;
end
$$;
