import { fetchExchange } from "@urql/core";
import { connectUrql } from "./urql.mjs";

// urql cancels the reader of a stream that it has aborted without waiting for the answer, which Node.js reports.
process.on("unhandledRejection", (problem) => {
  if (problem.name !== "AbortError") throw problem;
});

// Subscriptions by fetch: JSON and event streams are both accepted, and the answer decides.
export default function connect(endpoint) {
  return connectUrql(endpoint, { exchanges: [fetchExchange], fetchSubscriptions: true });
}
