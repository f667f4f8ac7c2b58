# Debian's python3-cloudflare. Its version 2 does not know accounts' tokens: its `extras` add a path. It takes the
# credential from CLOUDFLARE_API_TOKEN, and its requests trust REQUESTS_CA_BUNDLE.
import os
import sys

import CloudFlare

os.environ["CLOUDFLARE_API_EXTRAS"] = "/client/v4/accounts/:id/tokens"
cf = CloudFlare.CloudFlare(base_url=os.environ["SANDBOX_TLS_BASE_URL"])
for token_id in sys.argv[1:]:
    cf.accounts.tokens.delete(os.environ["CLOUDFLARE_ACCOUNT_ID"], token_id)
