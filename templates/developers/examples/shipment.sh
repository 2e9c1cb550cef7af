# Tell that it was handed over. The carrier "sandbox" takes the journey that the number names.
curl -sS --fail-with-body "$AFTERWARD_URL/api/v1/shipments" \
  -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: application/json" \
  -d '{"order_external_id": "1042", "carrier": "sandbox", "tracking_number": "SBX-DELIVERED-1042"}'
