# Place an order. Sent again with the same external_id it is an update, never a second order.
curl -sS --fail-with-body "$AFTERWARD_URL/api/v1/orders" \
  -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: application/json" \
  -d '{
    "external_id": "1042", "number": "#1042", "currency": "EUR",
    "customer": {"email": "anna@example.com", "first_name": "Anna", "locale": "en"},
    "shipping_address": {"city": "Berlin", "postcode": "10115", "country": "DE"},
    "lines": [{"external_id": "L1", "title": "Fjord Wool Sweater",
               "quantity": 1, "unit_price": "89.00"}]
  }'
