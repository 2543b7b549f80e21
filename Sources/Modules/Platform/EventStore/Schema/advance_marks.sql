-- Moves several consumers' marks, each from where its consumer believes it to be, and names those that another instance has
-- moved meanwhile. Only for consumers whose effects are appends: those are fenced by their commands' ids.
create function mall.advance_marks(consumers text[], old_positions bigint[], new_positions bigint[])
returns table (fenced text) language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
    perform set_config('synchronous_commit', 'off', true);
    return query
    with moved as (
        update mall.checkpoints c set position = m.new_position
        from unnest(consumers, old_positions, new_positions) m(consumer, old_position, new_position)
        where c.consumer = m.consumer and c.position = m.old_position
        returning c.consumer)
    select u.consumer from unnest(consumers) u(consumer) where u.consumer not in (select m.consumer from moved m);
end $$;
