const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// A file of JSON lines: each is a body of POST /orders.
const orders = [
  { external_id: "0816", placed_at: "2025-11-20T09:15:28Z", currency: "EUR",
    lines: [{ title: "Enamel Mug", quantity: 2, unit_price: "18.50" }] },
];
const answer = await fetch(`${AFTERWARD_URL}/api/v1/imports?kind=orders&start=yes&file_name=orders.ndjson`, {
  method: "POST",
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/x-ndjson" },
  body: orders.map((order) => JSON.stringify(order)).join("\n"),
});
const made = await answer.json();
if (!answer.ok) throw new Error(`${made.code}: ${made.detail}`);
console.log(made.id, made.state);
