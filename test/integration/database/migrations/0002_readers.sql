create table readers (id int primary key, note_id int not null references notes on delete cascade, profile jsonb not null default '{}');
create sequence runs;
