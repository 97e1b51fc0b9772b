"""The DuckDB warehouse: schema, views, load, publish, queries, snapshots."""
