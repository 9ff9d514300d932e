SELECT
  customer,
  ordered_at,
  order_id AS last_order_id
FROM orders
