const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// History: orders of the past are stored, and nobody is told about them.
const answer = await fetch(`${AFTERWARD_URL}/api/v1/orders`, {
  method: "POST",
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({
    external_id: "0815", placed_at: "2025-11-20T09:15:28Z", currency: "EUR", notify: false,
    lines: [{ title: "Enamel Mug", quantity: 1, unit_price: "18.50" }],
  }),
});
const order = await answer.json();
if (!answer.ok) throw new Error(`${order.code}: ${order.detail}`);
console.log(order.id, order.placed_at);
