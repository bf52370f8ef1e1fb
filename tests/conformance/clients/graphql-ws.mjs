import { createClient } from "graphql-ws";
import { subscribing } from "./subscribing.mjs";

export default function connect({ socketUrl, token, refusal }) {
  const connectionParams = { Authorization: `Bearer ${token}` };
  return subscribing(createClient({ url: socketUrl, connectionParams }), refusal);
}
