public import Kernel

/// The event store's own tables and functions, step by step.
public let eventStoreMigrations = [
    Migration(1, "log", sql: String(decoding: PackageResources.log_sql, as: UTF8.self)),
    Migration(2, "commit_batch", sql: String(decoding: PackageResources.commit_batch_sql, as: UTF8.self)),
    Migration(3, "advance", sql: String(decoding: PackageResources.advance_sql, as: UTF8.self)),
    Migration(4, "horizon", sql: String(decoding: PackageResources.horizon_sql, as: UTF8.self)),
    Migration(6, "rebuilds", sql: String(decoding: PackageResources.rebuilds_sql, as: UTF8.self)),
    Migration(
        7, "rebuilds that fall behind",
        sql: """
            alter table mall.rebuilds
                -- How many positions were left when it last said how far it is.
                add behind bigint,
                -- Whether the log grows as fast as it is folded.
                add losing bool not null default false;
            """),
    Migration(10, "write_batch", sql: String(decoding: PackageResources.write_batch_sql, as: UTF8.self)),
    Migration(11, "advance_marks", sql: String(decoding: PackageResources.advance_marks_sql, as: UTF8.self)),
]
