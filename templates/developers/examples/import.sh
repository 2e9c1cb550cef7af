# orders.csv: one line an order line; columns are found by their headers.
cat > orders.csv <<'CSV'
order_id,order_date,email,currency,item_name,item_quantity,item_price
0816,2025-11-20,anna@example.com,EUR,Enamel Mug,2,18.50
CSV
curl -sS --fail-with-body "$AFTERWARD_URL/api/v1/imports?kind=orders&start=yes&file_name=orders.csv" \
  -H "Authorization: Bearer $AFTERWARD_KEY" -H "Content-Type: text/csv" --data-binary @orders.csv
