import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

// Whether a webhook is ours and not older than five minutes. body: the bytes as they came, not parsed again.
function isGenuine(secret, headers, body) {
  if (Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"])) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`;
  const expected = Buffer.from("v1," + createHmac("sha256", key).update(signed).update(body).digest("base64"));
  // While a secret is rotated there are two signatures.
  return headers["webhook-signature"].split(" ").some((given) => {
    const bytes = Buffer.from(given);
    return bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}

const { WEBHOOK_SECRET, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE } = process.env;
const headers = {
  "webhook-id": WEBHOOK_ID, "webhook-timestamp": WEBHOOK_TIMESTAMP, "webhook-signature": WEBHOOK_SIGNATURE,
};
console.log(isGenuine(WEBHOOK_SECRET, headers, readFileSync("body.json")) ? "genuine" : "forged");
