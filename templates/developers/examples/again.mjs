import { randomUUID } from "node:crypto";

const { AFTERWARD_URL, AFTERWARD_KEY } = process.env;
const key = randomUUID();

// The answer was lost on its way? Send the same request with the same key: nothing happens twice.
for (const attempt of [1, 2]) {
  const answer = await fetch(`${AFTERWARD_URL}/api/v1/orders`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${AFTERWARD_KEY}`, "Content-Type": "application/json", "Idempotency-Key": key,
    },
    body: JSON.stringify({
      external_id: "1043", currency: "EUR",
      lines: [{ title: "Enamel Mug", quantity: 2, unit_price: "18.50" }],
    }),
  });
  console.log(answer.status, answer.headers.get("Idempotent-Replayed"));
}
