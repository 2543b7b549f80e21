-- Writes a batch as commit_batch does, for the usual case that every command of it can be: no id is known, every version is
-- the expected one, no claim is held. Then a few plain statements do; whatever is unusual is left to commit_batch, which
-- judges each command. The caller need not know which of the two it was.
--
-- c_ends has, for each command, how many rows of the batch there are up to its last; 0 where it has none. With the first
-- command come the numbers of all streams, in the order of s_*, so that what was written need not be read; none if
-- commit_batch has judged.
create function mall.write_batch(
    now timestamptz,
    c_id uuid[], c_digest bytea[], c_answer bytea[], c_ends int[], c_correlation uuid[], c_causation uuid[], c_actor text[],
    s_command int[], s_category text[], s_id uuid[], s_expected int[], s_count int[],
    r_stream int[], r_version int[], r_kind smallint[], r_type text[], r_id uuid[], r_body bytea[],
    k_stream int[], k_take bool[], k_scope text[], k_value text[],
    t_stream int[], t_name text[], t_due timestamptz[]
) returns table (status int, "position" bigint, answer bytea, digest bytea, claim text, streams bigint[])
-- Plans are made once, perhaps while the tables are empty: they must be right when they are large.
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    base bigint;
    numbers bigint[];
    versions int[];
    fits bool;
begin
    perform pg_advisory_xact_lock(7236501);

    fits := not exists (select from mall.commands d where d.command_id = any (c_id));
    if fits and cardinality(k_stream) > 0 then
        fits := not exists (
            select from unnest(k_stream, k_take, k_scope, k_value) k(stream, take, scope, value)
            join mall.claims h on h.scope = k.scope and h.value = k.value
            where k.take and (h.category, h.holder) <> (s_category[k.stream], s_id[k.stream]));
    end if;
    if fits then
        select array_agg(t.stream_no order by u.o), array_agg(coalesce(t.version, 0) order by u.o),
               coalesce(bool_and(u.expected is null and t.version is not null or coalesce(t.version, 0) = u.expected), true)
        into numbers, versions, fits
        from unnest(s_category, s_id, s_expected) with ordinality u(category, id, expected, o)
        left join mall.streams t on t.category = u.category and t.stream_id = u.id;
    end if;
    if not fits then
        return query select j.status, j.position, j.answer, j.digest, j.claim, null::bigint[]
        from mall.commit_batch(
            now, c_id, c_digest, c_answer, c_correlation, c_causation, c_actor, s_command, s_category, s_id, s_expected,
            s_count, r_stream, r_version, r_kind, r_type, r_id, r_body, k_stream, k_take, k_scope, k_value,
            t_stream, t_name, t_due) j;
        return;
    end if;

    base := coalesce((select l.position from mall.log l order by l.position desc limit 1), 0);
    if cardinality(r_stream) > 0 then
        for i in 1..coalesce(cardinality(numbers), 0) loop
            if numbers[i] is null and s_count[i] > 0 then
                numbers[i] := nextval('mall.streams_stream_no_seq');
            end if;
        end loop;
        insert into mall.streams as t (stream_no, category, stream_id, version) overriding system value
        select u.number, u.category, u.id, u.version + u.count
        from unnest(numbers, s_category, s_id, versions, s_count) u(number, category, id, version, count)
        where u.count > 0
        on conflict (category, stream_id) do update set version = excluded.version;
        insert into mall.log
            (position, command_end, stream_no, version, kind, type, id, body, correlation_id, causation_id, actor, at)
        select base + r.o, base + c_ends[s_command[r.stream]], numbers[r.stream], r.version, r.kind, r.type, r.id, r.body,
               c_correlation[s_command[r.stream]], c_causation[s_command[r.stream]], c_actor[s_command[r.stream]], now
        from unnest(r_stream, r_version, r_kind, r_type, r_id, r_body)
            with ordinality r(stream, version, kind, type, id, body, o);
    end if;
    insert into mall.commands (command_id, position, digest, answer, at)
    select c.id, base + c.ends, c.digest, c.answer, now
    from unnest(c_id, c_digest, c_answer, c_ends) c(id, digest, answer, ends)
    where c.id is not null;

    if cardinality(k_stream) > 0 then
        delete from mall.claims h
        using unnest(k_stream, k_take, k_scope, k_value) k(stream, take, scope, value)
        where not k.take and h.scope = k.scope and h.value = k.value
          and (h.category, h.holder) = (s_category[k.stream], s_id[k.stream]);
        insert into mall.claims (scope, value, category, holder)
        select k.scope, k.value, s_category[k.stream], s_id[k.stream]
        from unnest(k_stream, k_take, k_scope, k_value) k(stream, take, scope, value)
        where k.take
        on conflict (scope, value) do update set category = excluded.category, holder = excluded.holder;
    end if;
    if cardinality(t_stream) > 0 then
        delete from mall.timers h using unnest(t_stream, t_name, t_due) t(stream, name, due)
        where t.due is null and h.category = s_category[t.stream] and h.stream_id = s_id[t.stream] and h.name = t.name;
        insert into mall.timers (category, stream_id, name, due)
        select s_category[t.stream], s_id[t.stream], t.name, t.due
        from unnest(t_stream, t_name, t_due) t(stream, name, due)
        where t.due is not null
        on conflict (category, stream_id, name) do update set due = excluded.due;
    end if;

    return query
    select 0, base + c.ends, null::bytea, null::bytea, null::text, case when c.o = 1 then numbers end
    from unnest(c_ends) with ordinality c(ends, o) order by c.o;
end $$;
