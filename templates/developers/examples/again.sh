# The answer was lost on its way? Send the same request with the same key: nothing happens twice.
key=$(openssl rand -hex 16)
for attempt in 1 2; do
  curl -sS -o /dev/null -D - "$AFTERWARD_URL/api/v1/orders" \
    -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: application/json" -H "Idempotency-Key: $key" \
    -d '{"external_id": "1043", "currency": "EUR",
         "lines": [{"title": "Enamel Mug", "quantity": 2, "unit_price": "18.50"}]}' \
    | grep -iE '^(HTTP|idempotent-replayed)'
done
