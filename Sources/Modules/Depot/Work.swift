import Contracts
import FoundationEssentials
import Kernel

/// The lists that wait for a robot, oldest first: a table of live lists, so that asking for work is cheap at any age of
/// the mall. It may be a moment behind; who gets a list, its assignment decides.
enum Work {
    static let migration = Migration(
        1, "create the list of work",
        sql: """
            create schema if not exists depot;
            create table depot.work (
                list_id uuid primary key,
                age bigint not null,
                offered bool not null
            );
            create index on depot.work (age) where offered;
            """)

    static let waiting = keeps("depot.work") {
        on(ShoppingListCreated.self) { event, envelope in
            """
            insert into depot.work (list_id, age, offered)
            values (\(event.id.rawValue), \(envelope.position.rawValue), false)
            on conflict (list_id) do nothing
            """
        }
        on(ShoppingListInitiated.self) { event, _ in offer(event.id, true) }
        on(ShoppingListAssigned.self) { event, _ in offer(event.id, false) }
        on(ShoppingListReleased.self) { event, _ in offer(event.id, !event.needsClerk) }
        on(ShoppingListCompleted.self) { event, _ in end(event.id) }
        on(ShoppingListCanceled.self) { event, _ in end(event.id) }
    }

    private static func offer(_ list: ListID, _ offered: Bool) -> SQL {
        "update depot.work set offered = \(offered) where list_id = \(list.rawValue)"
    }

    private static func end(_ list: ListID) -> SQL { "delete from depot.work where list_id = \(list.rawValue)" }

    static func oldest(but declined: [ListID]) -> SQL {
        """
        select list_id from depot.work
        where offered and not list_id = any(\(declined.map(\.rawValue)))
        order by age limit 1
        """
    }
}
