-- Times that clients can read: years of four digits.
update documents set created_at = least(greatest(created_at, '0001-01-01 00:00:00+00'), '9999-12-31 23:59:59.999+00')
where created_at not between '0001-01-01 00:00:00+00' and '9999-12-31 23:59:59.999+00';
update documents set updated_at = least(greatest(updated_at, '0001-01-01 00:00:00+00'), '9999-12-31 23:59:59.999+00')
where updated_at not between '0001-01-01 00:00:00+00' and '9999-12-31 23:59:59.999+00';
alter table documents add constraint documents_times check (
  created_at between '0001-01-01 00:00:00+00' and '9999-12-31 23:59:59.999+00'
  and updated_at between '0001-01-01 00:00:00+00' and '9999-12-31 23:59:59.999+00');

-- Lists can be sorted by these, too.
create index documents_updated on documents (updated_at desc, id desc);
create index documents_title on documents (title, id);

-- Cursors are signed with it: all instances know it, and no client does. A random UUID has 122 random bits.
create table document_secrets (
  name text primary key,
  value text not null
);
insert into document_secrets (name, value) values ('cursor', gen_random_uuid()::text || gen_random_uuid()::text);
