const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;

const answer = await fetch(`${AFTERWARD_URL}/api/v1/webhook-endpoints`, {
  method: "POST",
  headers: { Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({
    url: "https://shop.example/hooks/afterward",
    types: ["shipment.delivered", "shipment.exception"],
  }),
});
const endpoint = await answer.json();
if (!answer.ok) throw new Error(`${endpoint.code}: ${endpoint.detail}`);
console.log(endpoint.id, endpoint.secret); // Keep the secret: it is shown this once.
