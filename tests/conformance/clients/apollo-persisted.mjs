import { createHash } from "node:crypto";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import connectApollo from "./apollo.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

export default function connect(endpoint) {
  return connectApollo({ ...endpoint, links: [new PersistedQueryLink({ sha256, useGETForHashedQueries: true })] });
}
