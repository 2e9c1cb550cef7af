// Node 18 or later: fetch is built in.
const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

// Place an order. Sent again with the same external_id it is an update, never a second order.
const answer = await fetch(`${AFTERWARD_URL}/api/v1/orders`, {
  method: "POST",
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({
    external_id: "1042", number: "#1042", currency: "EUR",
    customer: { email: "anna@example.com", first_name: "Anna", locale: "en" },
    shipping_address: { city: "Berlin", postcode: "10115", country: "DE" },
    lines: [{ external_id: "L1", title: "Fjord Wool Sweater", quantity: 1, unit_price: "89.00" }],
  }),
});
const order = await answer.json();
if (!answer.ok) throw new Error(`${order.code}: ${order.detail}`);
console.log(order.id, order.stage, order.portal_url);
