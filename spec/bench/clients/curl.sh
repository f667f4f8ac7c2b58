#!/bin/sh
# One curl for all ids, by its brace globbing: `man curl`, URL.
IFS=,
exec curl --fail --silent --show-error --cacert "$BENCH_CA_FILE" --request DELETE \
  --header "Authorization: Bearer $CLOUDFLARE_API_TOKEN" \
  "$SANDBOX_TLS_BASE_URL/accounts/$CLOUDFLARE_ACCOUNT_ID/tokens/{$*}"
