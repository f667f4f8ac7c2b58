// The official SDK for Node, npm's `cloudflare`, as its README has it. Node trusts NODE_EXTRA_CA_CERTS besides its own.
import Cloudflare from "cloudflare";

const client = new Cloudflare({
  apiToken: process.env.CLOUDFLARE_API_TOKEN,
  baseURL: process.env.SANDBOX_TLS_BASE_URL,
});
for (const id of process.argv.slice(2)) {
  await client.accounts.tokens.delete(id, { account_id: process.env.CLOUDFLARE_ACCOUNT_ID });
}
