-- Moves a consumer's mark, first in the transaction of its effects: inbox and fence in one. If another instance is ahead,
-- everything that would follow is undone.
--
-- The commit need not wait for the disk: what is lost with it is done again from the older mark.
create function mall.advance(consumer_name text, old_position bigint, new_position bigint) returns void
language plpgsql as $$
begin
    perform set_config('synchronous_commit', 'off', true);
    update mall.checkpoints set position = new_position where consumer = consumer_name and position = old_position;
    if not found then
        raise exception 'consumer % is not at % any more', consumer_name, old_position using errcode = 'MB001';
    end if;
end $$;
