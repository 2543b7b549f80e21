extension OrderSchema {
    /// An order's progress, its money and its timeline change often and are not searched: they lie with the documents, and
    /// so does what marks a change. Of what orders are found by only the status changes in their life: it is in no index of
    /// the orders, so that a change of it stays within the page. The lists of the statuses are a table of their own.
    static let apart = """
        alter table search.documents add column position bigint, add column deleted bool;
        update search.documents d set position = o.position, deleted = o.deleted from search.orders o where o.key = d.key;
        alter table search.documents alter column position set not null, alter column deleted set not null;
        create index documents_position on search.documents (position);

        drop index search.orders_position, search.orders_status, search.orders_names;
        alter table search.orders drop column position, drop column deleted;
        alter table search.orders set (fillfactor = 80);
        create index orders_names on search.orders using gin (terms) with (fastupdate = off) where number is not null;

        -- Vacuumed by the number of its changes alone: every order leaves the lists of the statuses before its last one, and
        -- what it leaves behind is read in passing.
        create table search.stages (
            status text collate "C" not null,
            number bigint not null,
            total bigint not null,
            primary key (status, number) include (total)
        ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
            autovacuum_vacuum_insert_scale_factor = 0.02);
        insert into search.stages select status, number, total from search.orders where number is not null order by 1, 2;
        """

    /// Writes rows, each whole, and what they change in the terms, the lists and the counts. The arrays are columns; terms
    /// name their row by its place, from 1. A key comes once. Where only a document is new, nothing else is written.
    static let storeChanges = """
        create or replace function search.store_orders(
            keys uuid[], positions bigint[], deletions bool[], numbers bigint[], statuses text[], customers uuid[],
            totals bigint[], times bigint[], stores text[], products text[], texts text[],
            bodies bytea[], details bytea[], causes bytea[],
            term_places int[], term_kinds int[], term_ids uuid[], term_names text[]
        ) returns void
        language plpgsql
        set plan_cache_mode = force_generic_plan
        as $$
        #variable_conflict use_column
        declare
            -- What the rows were, in their order.
            old_numbers bigint[];
            old_statuses text[];
            old_totals bigint[];
            old_times bigint[];
            -- The places of the rows that are found by something new, and of those whose lists are new.
            moved int[];
            fresh int[];
            -- Whether any of the latter was in lists before.
            renamed bool;
            -- The terms of the fresh rows.
            held_places int[];
            held_terms int[];
        begin
            -- One plan for all lengths of these arrays joins them row by row: right for ten rows, quadratic for thousands.
            if cardinality(keys) >= \(SearchLimits.plannedBatch) then
                perform set_config('plan_cache_mode', 'force_custom_plan', true);
            end if;

            insert into search.documents (key, position, deleted, value, detail, cause)
            select * from unnest(keys, positions, deletions, bodies, details, causes)
            on conflict (key) do update
            set position = excluded.position, deleted = excluded.deleted, value = excluded.value,
                detail = excluded.detail, cause = excluded.cause;

            select array_agg(o.number order by place), array_agg(o.status order by place),
                array_agg(o.total order by place), array_agg(o.created order by place),
                array_agg(place) filter (where is_fresh or (o.status, o.customer) is distinct from (g.status, g.customer)),
                array_agg(place) filter (where is_fresh), bool_or(is_fresh and o.number is not null)
            into old_numbers, old_statuses, old_totals, old_times, moved, fresh, renamed
            from unnest(keys, numbers, statuses, customers, totals, times, stores, products, texts)
                with ordinality as g(key, number, status, customer, total, created, stores, products, text, place)
            left join search.orders o using (key)
            cross join lateral (
                select o.key is null or (o.number, o.total, o.created, o.stores, o.products, o.text)
                    is distinct from (g.number, g.total, g.created, g.stores::uuid[], g.products::uuid[], g.text)
            ) as f(is_fresh);

            if moved is null then
                return;
            end if;

            insert into search.statuses as s (status, orders)
            select v.status, sum(v.n)
            from unnest(numbers, statuses, old_numbers, old_statuses) as g(number, status, old_number, old_status)
            cross join lateral (values (g.number, g.status, 1), (g.old_number, g.old_status, -1)) as v(number, status, n)
            where v.number is not null
            group by 1
            having sum(v.n) <> 0
            on conflict (status) do update set orders = s.orders + excluded.orders;

            update search.stages s
            set status = g.status, total = g.total
            from unnest(numbers, statuses, totals, old_numbers, old_statuses, old_totals)
                as g(number, status, total, old_number, old_status, old_total)
            where s.status = g.old_status and s.number = g.old_number and g.number = g.old_number
                and (g.status, g.total) is distinct from (g.old_status, g.old_total);

            if fresh is not null then
                if renamed then
                    delete from search.stages s
                    using unnest(numbers, old_numbers, old_statuses) as g(number, old_number, old_status)
                    where s.status = g.old_status and s.number = g.old_number and g.number is distinct from g.old_number;

                    with gone as (
                        delete from search.postings p
                        using unnest(fresh) as f(place)
                        join unnest(keys) with ordinality as g(key, place) using (place)
                        join search.orders o using (key)
                        cross join unnest(o.terms) as held(term)
                        where p.term = held.term and p.number = o.number
                        returning p.term
                    )
                    update search.terms t
                    set orders = t.orders - g.n
                    from (select term, count(*) as n from gone group by 1) as g
                    where t.term = g.term;
                end if;

                insert into search.stages (status, number, total)
                select g.status, g.number, g.total
                from unnest(numbers, statuses, totals, old_numbers) as g(number, status, total, old_number)
                where g.number is not null and g.number is distinct from g.old_number
                order by 1, 2;

                insert into search.bands as b (band, orders)
                select search.band(v.total), sum(v.n)
                from unnest(numbers, totals, old_numbers, old_totals) as g(number, total, old_number, old_total)
                cross join lateral (values (g.number, g.total, 1), (g.old_number, g.old_total, -1)) as v(number, total, n)
                where v.number is not null
                group by 1
                having sum(v.n) <> 0
                on conflict (band) do update set orders = b.orders + excluded.orders;

                insert into search.eras as e (era, earliest, latest, orders)
                select v.number >> \(SearchLimits.eraBits), min(v.created), max(v.created), sum(v.n)
                from unnest(numbers, times, old_numbers, old_times) as g(number, created, old_number, old_created)
                cross join lateral (values (g.number, g.created, 1), (g.old_number, g.old_created, -1))
                    as v(number, created, n)
                where v.number is not null and (g.number, g.created) is distinct from (g.old_number, g.old_created)
                group by 1
                on conflict (era) do update
                set earliest = least(e.earliest, excluded.earliest),
                    latest = greatest(e.latest, excluded.latest),
                    orders = e.orders + excluded.orders;

                with named as (
                    select place, kind, id, name
                    from unnest(term_places, term_kinds, term_ids, term_names) as g(place, kind, id, name)
                    join unnest(fresh) as f(place) using (place)
                ), known as (
                    insert into search.terms as t (id, kind, text, orders)
                    select id, kind, name, count(*) from named group by 1, 2, 3
                    on conflict (id, kind, text) do update set orders = t.orders + excluded.orders
                    returning term, id, kind, text
                )
                select array_agg(n.place), array_agg(k.term)
                into held_places, held_terms
                from named n join known k on (k.id, k.kind, k.text) = (n.id, n.kind, n.name);

                insert into search.postings (term, number, total)
                select h.term, g.number, g.total
                from unnest(held_places, held_terms) as h(place, term)
                join unnest(numbers, totals) with ordinality as g(number, total, place) using (place)
                order by 1, 2;

                insert into search.orders
                    (key, number, status, customer, total, created, stores, products, text, terms)
                select g.key, g.number, g.status, g.customer, g.total, g.created,
                    g.stores::uuid[], g.products::uuid[], g.text, w.terms
                from unnest(keys, numbers, statuses, customers, totals, times, stores, products, texts)
                    with ordinality as g(key, number, status, customer, total, created, stores, products, text, place)
                join unnest(fresh) as f(place) using (place)
                left join (
                    select place, array_agg(term) as terms from unnest(held_places, held_terms) as h(place, term) group by 1
                ) as w using (place)
                on conflict (key) do update
                set number = excluded.number, status = excluded.status, customer = excluded.customer,
                    total = excluded.total, created = excluded.created, stores = excluded.stores,
                    products = excluded.products, text = excluded.text, terms = excluded.terms;
            end if;

            -- The fresh ones are as they should be already.
            update search.orders o
            set status = g.status, customer = g.customer
            from unnest(keys, statuses, customers) as g(key, status, customer)
            where o.key = g.key and (o.status, o.customer) is distinct from (g.status, g.customer);
        end $$;
        """
}
