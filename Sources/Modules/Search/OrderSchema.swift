import FoundationEssentials

/// The tables of the order search and the one function that writes them.
enum OrderSchema {
    /// Stands where a term has no identifier, so that the index over terms has no nulls.
    static let noID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    static let tables = """
        create extension if not exists pg_trgm;
        create schema if not exists search;

        create table search.orders (
            key uuid primary key,
            position bigint not null,
            deleted bool not null,
            number bigint,
            status text collate "C",
            customer uuid,
            total bigint,
            created bigint,
            stores uuid[],
            products uuid[],
            text text collate "C",
            terms int[]
        ) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
        create unique index orders_number on search.orders (number);
        create index orders_status on search.orders (status, number) include (total) where number is not null;
        create index orders_customer on search.orders (customer, number) where number is not null;
        create index orders_total on search.orders (total, number) where number is not null;
        create index orders_position on search.orders (position);
        -- Without a list of what is pending, which every search would have to read.
        create index orders_names on search.orders using gin (terms, (array[status])) with (fastupdate = off)
            where number is not null;

        create table search.documents (
            key uuid primary key,
            value bytea not null,
            detail bytea not null,
            cause bytea not null
        ) with (fillfactor = 90);

        create table search.terms (
            term int generated always as identity primary key,
            kind int not null,
            id uuid not null,
            text text collate "C" not null,
            orders bigint not null
        ) with (fillfactor = 80);
        create unique index terms_name on search.terms (id, kind, text);
        create index terms_text on search.terms using gin (text gin_trgm_ops) with (fastupdate = off);

        -- The total is here because it hardly ever changes; the status is not, because it does.
        create table search.postings (
            term int not null,
            number bigint not null,
            total bigint not null,
            primary key (term, number) include (total)
        ) with (autovacuum_vacuum_insert_scale_factor = 0.02);

        create table search.statuses (
            status text collate "C" primary key,
            orders bigint not null
        ) with (fillfactor = 50);

        create function search.band(total bigint) returns int
        language sql immutable parallel safe as $$
            select length(greatest(total, 0)::text) * 1000 + left(rpad(greatest(total, 0)::text, 3, '0'), 3)::int
        $$;
        create table search.bands (
            band int primary key,
            orders bigint not null
        ) with (fillfactor = 50);

        -- The times are bounds: no order of the era was placed before the earliest or after the latest. Numbers rise with
        -- time only roughly, since the clocks of several processes differ.
        create table search.eras (
            era bigint primary key,
            earliest bigint not null,
            latest bigint not null,
            orders bigint not null
        ) with (fillfactor = 50);
        """

    /// Writes rows, each whole, and what they change in the terms and the counts. The arrays are columns; terms name their
    /// row by its place, from 1. A key comes once.
    static let storeOrders = """
        create function search.store_orders(
            keys uuid[], positions bigint[], deletions bool[], numbers bigint[], statuses text[], customers uuid[],
            totals bigint[], times bigint[], stores text[], products text[], texts text[],
            bodies bytea[], details bytea[], causes bytea[],
            term_places int[], term_kinds int[], term_ids uuid[], term_names text[]
        ) returns void
        language plpgsql
        set plan_cache_mode = auto
        as $$
        #variable_conflict use_column
        declare
            -- The places of the rows whose number, total or names are new.
            fresh int[];
            renamed bool;
        begin
            -- One plan for all lengths of these arrays joins them row by row: right for ten rows, quadratic for thousands.
            if cardinality(keys) >= \(SearchLimits.plannedBatch) then
                perform set_config('plan_cache_mode', 'force_custom_plan', true);
            end if;

            select array_agg(g.place), bool_or(o.number is not null)
            into fresh, renamed
            from unnest(keys, numbers, totals, stores, products, texts)
                with ordinality as g(key, number, total, stores, products, text, place)
            left join search.orders o using (key)
            where (o.number, o.total, o.stores, o.products, o.text)
                is distinct from (g.number, g.total, g.stores::uuid[], g.products::uuid[], g.text);

            insert into search.statuses as s (status, orders)
            select v.status, sum(v.n)
            from unnest(keys, numbers, statuses) as g(key, number, status)
            left join search.orders o using (key)
            cross join lateral (values (g.number, g.status, 1), (o.number, o.status, -1)) as v(number, status, n)
            where v.number is not null
            group by 1
            having sum(v.n) <> 0
            on conflict (status) do update set orders = s.orders + excluded.orders;

            insert into search.bands as b (band, orders)
            select search.band(v.total), sum(v.n)
            from unnest(keys, numbers, totals) as g(key, number, total)
            left join search.orders o using (key)
            cross join lateral (values (g.number, g.total, 1), (o.number, o.total, -1)) as v(number, total, n)
            where v.number is not null
            group by 1
            having sum(v.n) <> 0
            on conflict (band) do update set orders = b.orders + excluded.orders;

            insert into search.eras as e (era, earliest, latest, orders)
            select v.number >> \(SearchLimits.eraBits), min(v.created), max(v.created), sum(v.n)
            from unnest(keys, numbers, times) as g(key, number, created)
            left join search.orders o using (key)
            cross join lateral (values (g.number, g.created, 1), (o.number, o.created, -1)) as v(number, created, n)
            where v.number is not null and (g.number, g.created) is distinct from (o.number, o.created)
            group by 1
            on conflict (era) do update
            set earliest = least(e.earliest, excluded.earliest),
                latest = greatest(e.latest, excluded.latest),
                orders = e.orders + excluded.orders;

            if renamed then
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

            if fresh is not null then
                insert into search.terms as t (id, kind, text, orders)
                select g.id, g.kind, g.name, count(*)
                from unnest(term_places, term_kinds, term_ids, term_names) as g(place, kind, id, name)
                join unnest(fresh) as f(place) using (place)
                group by 1, 2, 3
                on conflict (id, kind, text) do update set orders = t.orders + excluded.orders;

                insert into search.postings (term, number, total)
                select t.term, n.number, n.total
                from unnest(term_places, term_kinds, term_ids, term_names) as g(place, kind, id, name)
                join unnest(fresh) as f(place) using (place)
                join unnest(numbers, totals) with ordinality as n(number, total, place) using (place)
                join search.terms t on (t.id, t.kind, t.text) = (g.id, g.kind, g.name)
                order by 1, 2;
            end if;

            insert into search.orders
                (key, position, deleted, number, status, customer, total, created, stores, products, text, terms)
            select g.key, g.position, g.deleted, g.number, g.status, g.customer, g.total, g.created,
                g.stores::uuid[], g.products::uuid[], g.text, w.terms
            from unnest(keys, positions, deletions, numbers, statuses, customers, totals, times, stores, products, texts)
                with ordinality as g(key, position, deleted, number, status, customer, total, created, stores, products, text, place)
            left join (
                select g.place, array_agg(t.term) as terms
                from unnest(term_places, term_kinds, term_ids, term_names) as g(place, kind, id, name)
                join unnest(fresh) as f(place) using (place)
                join search.terms t on (t.id, t.kind, t.text) = (g.id, g.kind, g.name)
                group by 1
            ) as w using (place)
            on conflict (key) do update
            set position = excluded.position, deleted = excluded.deleted, number = excluded.number,
                status = excluded.status, customer = excluded.customer, total = excluded.total, created = excluded.created,
                stores = excluded.stores, products = excluded.products, text = excluded.text,
                terms = coalesce(excluded.terms, orders.terms);

            insert into search.documents (key, value, detail, cause)
            select * from unnest(keys, bodies, details, causes)
            on conflict (key) do update
            set value = excluded.value, detail = excluded.detail, cause = excluded.cause;
        end $$;
        """
}
