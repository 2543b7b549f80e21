-- Where the projector stood, an hour apart: by these a tombstone's age is known. At and before the newest purged one there
-- are no tombstones left, so what was deleted behind an older cursor cannot be told any more.
create table mall.horizons (
    position bigint primary key,
    at       timestamptz not null,
    purged   bool not null default false
);
