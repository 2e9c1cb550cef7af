# Keep "secret" of the answer: it is shown this once.
curl -sS --fail-with-body "$AFTERWARD_URL/api/v1/webhook-endpoints" \
  -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: application/json" \
  -d '{"url": "https://shop.example/hooks/afterward", "types": ["shipment.delivered", "shipment.exception"]}'
