create table larder_session (
  id text primary key,
  user_id text,
  data text not null,
  version integer not null,
  created_at timestamptz(3) not null,
  seen_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  absolute_expires_at timestamptz(3) not null,
  revoked_at timestamptz(3)
);

create index larder_session_user on larder_session (user_id, created_at) where revoked_at is null;
create index larder_session_expires on larder_session (expires_at);
create index larder_session_revoked on larder_session (revoked_at) where revoked_at is not null;
