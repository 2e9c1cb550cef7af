"""Marketing tools of the shop's own, which messages are handed over to: a webhook, and Klaviyo."""
