# One of them comes back. Sent again with the same key, it is the same return.
curl -sS --fail-with-body "$AFTERWARD_URL/api/v1/returns" \
  -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: application/json" -H "Idempotency-Key: return-1042" \
  -d '{"order_external_id": "1042", "by": "team", "lines": [{"line": "L1", "reason": "too_small"}]}'
