// What the official SDK for Node says of each deletion that it is asked for: lines of {base, account, id} in, lines of
// {said, how} out. `said` is what a program makes of it: a promise that is kept is a deletion, as the SDK's README shows;
// of errors, the classes that it exports.
import { createInterface } from "node:readline";
import Cloudflare from "cloudflare";

function meaning(error) {
  if (error instanceof Cloudflare.NotFoundError) return "not found";
  if (error instanceof Cloudflare.RateLimitError) return "refused";
  if (error instanceof Cloudflare.APIError && error.status >= 400 && error.status < 500) return "refused";
  return "unknown";
}

async function ask({ base, account, id }) {
  const client = new Cloudflare({ apiToken: "cfat_" + "f".repeat(40), baseURL: base, timeout: 4000, logLevel: "off" });
  try {
    await client.accounts.tokens.delete(id, { account_id: account });
    return { said: "deleted", how: "resolved" };
  } catch (error) {
    return { said: meaning(error), how: error.constructor.name };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await ask(JSON.parse(line))));
}
