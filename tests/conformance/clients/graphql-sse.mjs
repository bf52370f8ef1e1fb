import { createClient } from "graphql-sse";
import { subscribing } from "./subscribing.mjs";

export default function connect({ url, token, refusal }) {
  const headers = { authorization: `Bearer ${token}` };
  return subscribing(createClient({ url, singleConnection: false, headers }), refusal);
}
