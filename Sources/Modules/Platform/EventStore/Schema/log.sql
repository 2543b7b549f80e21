-- The log is event store and outbox in one: a dense line of events and messages in commit order (docs/decisions/0002).
-- commit_batch is the only writer of these tables, under one lock; foreign keys would cost a lock a row and guard nothing.
create schema mall;

create table mall.streams (
    stream_no bigint generated always as identity primary key,
    category  text collate "C" not null,
    stream_id uuid not null,
    version   int not null,
    constraint a_stream_has_one_row unique (category, stream_id)
) with (fillfactor = 80);

create table mall.log (
    position       bigint primary key,
    -- The position of the last row that the same command wrote: a reader pauses only there.
    command_end    bigint not null,
    stream_no      bigint not null,
    -- The stream's version after an event; a message carries that of the event before it.
    version        int not null,
    -- 0 event, 1 message
    kind           smallint not null,
    type           text collate "C" not null,
    id             uuid not null,
    -- JSON. As bytea it costs a quarter less to write than jsonb; nothing in the database looks into it.
    body           bytea not null,
    correlation_id uuid not null,
    causation_id   uuid not null,
    actor          text not null,
    at             timestamptz not null
);
create unique index an_event_follows_its_predecessor on mall.log (stream_no, version) where kind = 0;

create table mall.snapshots (
    stream_no bigint primary key,
    version   int not null,
    schema    int not null,
    state     bytea not null
);

-- What a command answered, so that one that comes again is answered and not done again.
create table mall.commands (
    command_id uuid primary key,
    position   bigint not null,
    digest     bytea not null,
    answer     bytea not null,
    at         timestamptz not null
);
create index on mall.commands (at);

create table mall.claims (
    scope    text collate "C" not null,
    value    text collate "C" not null,
    category text collate "C" not null,
    holder   uuid not null,
    primary key (scope, value)
);

create table mall.timers (
    category  text collate "C" not null,
    stream_id uuid not null,
    name      text collate "C" not null,
    due       timestamptz not null,
    primary key (category, stream_id, name)
);
create index on mall.timers (due);

-- Everything at or below a consumer's position is done or parked.
create table mall.checkpoints (
    consumer text collate "C" primary key,
    position bigint not null
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- Messages that failed, and those of the same stream behind them, in order.
create table mall.parked (
    consumer  text collate "C" not null,
    position  bigint not null,
    stream_no bigint not null,
    attempts  int not null,
    next_at   timestamptz not null,
    error     text not null,
    primary key (consumer, position)
);

create table mall.dead_letters (
    consumer  text collate "C" not null,
    position  bigint not null,
    attempts  int not null,
    error     text not null,
    first_at  timestamptz not null,
    last_at   timestamptz not null,
    resolved  text,
    primary key (consumer, position)
);

-- One row. The epoch is renewed when the past is replaced: by a restore, an import, or the rebuilding of a projection.
create table mall.epoch (
    one   bool primary key default true check (one),
    epoch uuid not null
);
insert into mall.epoch (epoch) values (gen_random_uuid());

create schema live;
