# A slip of the pen: curency.
curl -sS "$AFTERWARD_URL/api/v1/orders" \
  -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: application/json" \
  -d '{"external_id": "1044", "curency": "EUR", "lines": []}'
