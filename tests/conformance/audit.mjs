// The audit of GraphQL over HTTP by the package graphql-http; prints a line of JSON for each check.
import { serverAudits } from "graphql-http";

const [url] = process.argv.slice(2);

for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const { id, name, status, reason } = await audit.fn();
  console.log(JSON.stringify({ id, name, status, reason: reason ?? null }));
}
