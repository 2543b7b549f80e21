-- Writes a batch of commands to the log and answers, for each, what became of it. It raises nothing for a command that
-- cannot be: a conflict, a repetition and a claim that is taken are answers.
--
-- The lock comes first and is held to the end of the commit: so positions are dense and in commit order, and what is
-- checked here cannot change before it is written. The commands of one batch touch disjoint streams and claims and repeat
-- no id; the caller sees to that.
--
-- status: 0 done, 1 a version differs, 2 done before, 3 a claim is held by another
create function mall.commit_batch(
    now timestamptz,
    -- one per command; an id of null only checks versions and is not remembered
    c_id uuid[], c_digest bytea[], c_answer bytea[], c_correlation uuid[], c_causation uuid[], c_actor text[],
    -- one per stream a command touches, expected at a version; count 0 only checks it
    s_command int[], s_category text[], s_id uuid[], s_expected int[], s_count int[],
    -- one per row of the log, in order; r_stream points into s_*
    r_stream int[], r_version int[], r_kind smallint[], r_type text[], r_id uuid[], r_body bytea[],
    -- claims taken and released, timers set and cleared (due is null); *_stream points into s_*
    k_stream int[], k_take bool[], k_scope text[], k_value text[],
    t_stream int[], t_name text[], t_due timestamptz[]
) returns table (status int, "position" bigint, answer bytea, digest bytea, claim text)
language plpgsql set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    base bigint;
begin
    perform pg_advisory_xact_lock(7236501);
    select coalesce(max(l.position), 0) into base from mall.log l;

    return query
    with command as materialized (
        select o::int as no, u.id, u.digest, u.answer, u.correlation, u.causation, u.actor,
               d.position as done_at, d.answer as done_answer, d.digest as done_digest
        from unnest(c_id, c_digest, c_answer, c_correlation, c_causation, c_actor)
            with ordinality u(id, digest, answer, correlation, causation, actor, o)
        left join mall.commands d on d.command_id = u.id
    ), touched as materialized (
        select o::int as no, u.command, u.category, u.id, u.expected, u.count, t.stream_no, coalesce(t.version, 0) as version
        from unnest(s_command, s_category, s_id, s_expected, s_count)
            with ordinality u(command, category, id, expected, count, o)
        left join mall.streams t on t.category = u.category and t.stream_id = u.id
    ), taken as materialized (
        select s.command, min(k.scope || '/' || k.value) as claim
        from unnest(k_stream, k_take, k_scope, k_value) k(stream, take, scope, value)
        join touched s on s.no = k.stream
        join mall.claims h on h.scope = k.scope and h.value = k.value
        where k.take and (h.category, h.holder) <> (s.category, s.id)
          -- A command may hand a claim from one of its streams to another.
          and not exists (
              select from unnest(k_stream, k_take, k_scope, k_value) r(stream, take, scope, value)
              join touched f on f.no = r.stream
              where not r.take and r.scope = k.scope and r.value = k.value and f.command = s.command
                and (f.category, f.id) = (h.category, h.holder))
        group by s.command
    ), accepted as materialized (
        select * from command c
        where c.done_at is null
          and not exists (select from touched s where s.command = c.no and s.version <> s.expected)
          and not exists (select from taken t where t.command = c.no)
    ), begun as (
        insert into mall.streams (category, stream_id, version)
        select s.category, s.id, s.count from touched s join accepted a on a.no = s.command
        where s.stream_no is null and s.count > 0
        returning stream_no, category, stream_id
    ), continued as (
        update mall.streams t set version = t.version + s.count
        from touched s join accepted a on a.no = s.command
        where t.stream_no = s.stream_no and s.count > 0
    ), numbered as materialized (
        select base + n.place as position, base + max(n.place) over (partition by n.command) as command_end, n.*
        from (
            select row_number() over (order by r.o) as place, s.command, coalesce(s.stream_no, b.stream_no) as stream_no,
                   r.version, r.kind, r.type, r.id, r.body, a.correlation, a.causation, a.actor
            from unnest(r_stream, r_version, r_kind, r_type, r_id, r_body)
                with ordinality r(stream, version, kind, type, id, body, o)
            join touched s on s.no = r.stream
            join accepted a on a.no = s.command
            left join begun b on b.category = s.category and b.stream_id = s.id
        ) n
    ), ended as materialized (
        select n.command, n.command_end as position from numbered n where n.position = n.command_end
    ), logged as (
        insert into mall.log
            (position, command_end, stream_no, version, kind, type, id, body, correlation_id, causation_id, actor, at)
        select n.position, n.command_end, n.stream_no, n.version, n.kind, n.type, n.id, n.body,
               n.correlation, n.causation, n.actor, now
        from numbered n
    ), remembered as (
        insert into mall.commands (command_id, position, digest, answer, at)
        select a.id, coalesce(e.position, base), a.digest, a.answer, now
        from accepted a left join ended e on e.command = a.no
        where a.id is not null
    ), released as (
        delete from mall.claims h
        using unnest(k_stream, k_take, k_scope, k_value) k(stream, take, scope, value)
        join touched s on s.no = k.stream join accepted a on a.no = s.command
        where not k.take and h.scope = k.scope and h.value = k.value and (h.category, h.holder) = (s.category, s.id)
          and not exists (
              select from unnest(k_take, k_scope, k_value) r(take, scope, value)
              where r.take and r.scope = k.scope and r.value = k.value)
    ), claimed as (
        insert into mall.claims (scope, value, category, holder)
        select k.scope, k.value, s.category, s.id
        from unnest(k_stream, k_take, k_scope, k_value) k(stream, take, scope, value)
        join touched s on s.no = k.stream join accepted a on a.no = s.command
        where k.take
        on conflict (scope, value) do update set category = excluded.category, holder = excluded.holder
    ), cleared as materialized (
        select s.category, s.id, t.name
        from unnest(t_stream, t_name, t_due) t(stream, name, due)
        join touched s on s.no = t.stream join accepted a on a.no = s.command
        where t.due is null
    ), stopped as (
        delete from mall.timers h using cleared c
        where h.category = c.category and h.stream_id = c.id and h.name = c.name
    ), started as (
        insert into mall.timers (category, stream_id, name, due)
        select s.category, s.id, t.name, t.due
        from unnest(t_stream, t_name, t_due) t(stream, name, due)
        join touched s on s.no = t.stream join accepted a on a.no = s.command
        where t.due is not null
        on conflict (category, stream_id, name) do update set due = excluded.due
    )
    -- A conflict comes before a claim: what was decided on an old state is decided again.
    select case when c.done_at is not null then 2
                when a.no is not null then 0
                when exists (select from touched s where s.command = c.no and s.version <> s.expected) then 1
                else 3 end,
           coalesce(c.done_at, e.position, base), c.done_answer, c.done_digest, t.claim
    from command c
    left join accepted a on a.no = c.no
    left join taken t on t.command = c.no
    left join ended e on e.command = c.no
    order by c.no;
end $$;
