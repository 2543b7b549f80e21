-- Projections that are to be folded anew, and those that this log knows: one it has never known is folded from its
-- beginning too.
create table mall.rebuilds (
    projection text collate "C" primary key,
    asked      timestamptz not null,
    -- How far it has come; null until it has begun.
    reached    bigint,
    done       timestamptz,
    -- Why it ended without being done.
    error      text
);
