# History: orders of the past are stored, and nobody is told about them.
curl -sS --fail-with-body "$AFTERWARD_URL/api/v1/orders" \
  -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: application/json" \
  -d '{"external_id": "0815", "placed_at": "2025-11-20T09:15:28Z", "currency": "EUR", "notify": false,
       "lines": [{"title": "Enamel Mug", "quantity": 1, "unit_price": "18.50"}]}'
