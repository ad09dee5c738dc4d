create table documents (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  body text not null,
  author text not null,
  topic text not null,
  labels text[] not null default '{}',
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);

create index documents_newest on documents (created_at desc, id desc);
create index documents_author on documents (author, created_at desc, id desc);
create index documents_topic on documents (topic, created_at desc, id desc);
create index documents_labels on documents using gin (labels);
