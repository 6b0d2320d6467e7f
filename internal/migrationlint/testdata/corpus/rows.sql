-- A busy table has 2,000 rows; a statement that touches most of them counts as one that touches all.
INSERT INTO users (email, name) SELECT 'u' || i, CASE WHEN i > 1800 THEN 'n' || i END FROM generate_series(1, 2000) i;
INSERT INTO orders (number, user_id, total, note) SELECT i, i % 1999 + 1, 5, 'note' FROM generate_series(1, 2000) i;
INSERT INTO items (order_id, sku, quantity) SELECT i % 400 + 1, 's' || i, 1 FROM generate_series(1, 2000) i;
INSERT INTO settings VALUES ('limit', '10'), ('color', 'red');
INSERT INTO events SELECT i, '2025-05-05', '{}' FROM generate_series(1, 2000) i;
INSERT INTO old_events SELECT i, '2024-05-05', '{}' FROM generate_series(1, 2000) i;
INSERT INTO notes (body) SELECT 'n' || i FROM generate_series(1, 2000) i;
INSERT INTO archive.orders SELECT i, '{}' FROM generate_series(1, 2000) i;
INSERT INTO archive.prices SELECT i, 5 FROM generate_series(1, 2000) i;
SELECT setval('numbers', 5000);
REFRESH MATERIALIZED VIEW sums;
ANALYZE;
