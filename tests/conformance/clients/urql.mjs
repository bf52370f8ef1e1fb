import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";

export function connectUrql({ url, token, refusal }, options, close = () => {}) {
  const client = new Client({
    url,
    preferGetMethod: false,
    requestPolicy: "network-only",
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    ...options,
  });
  const told = ({ graphQLErrors, networkError }) =>
    graphQLErrors.length ? refusal(graphQLErrors) : networkError;
  return {
    async ask(document, variables) {
      const kind = document.trimStart().startsWith("mutation") ? "mutation" : "query";
      const { data, error } = await client[kind](document, variables).toPromise();
      if (error) throw told(error);
      return data;
    },
    listen(document, variables, sink) {
      const following = client
        .subscription(document, variables)
        .subscribe(({ data, error }) => (error ? sink.error(told(error)) : sink.next(data)));
      return () => following.unsubscribe();
    },
    close,
  };
}

// Subscriptions over graphql-transport-ws, as urql's guide sets them up.
export default function connect(endpoint) {
  const { socketUrl, token } = endpoint;
  const sockets = createClient({ url: socketUrl, connectionParams: { Authorization: `Bearer ${token}` } });
  const forwardSubscription = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query: query ?? "", variables }, sink) }),
  });
  const exchanges = [fetchExchange, subscriptionExchange({ forwardSubscription })];
  return connectUrql(endpoint, { exchanges }, () => sockets.dispose());
}
