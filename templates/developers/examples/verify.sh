# The body stands in body.json, the three headers in variables. For trying out: a server does it in its own language.
key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
expected="v1,$( { printf '%s.%s.' "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP"; cat body.json; } \
  | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64 )"
case " $WEBHOOK_SIGNATURE " in *" $expected "*) echo genuine ;; *) echo forged ;; esac
