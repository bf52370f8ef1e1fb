import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";

export default function connect({ url, socketUrl, token, refusal, links = [] }) {
  const Authorization = `Bearer ${token}`;
  const sockets = createClient({ url: socketUrl, connectionParams: { Authorization } });
  const http = ApolloLink.from([...links, new HttpLink({ uri: url, headers: { Authorization } })]);
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(({ operationType }) => operationType === "subscription", new GraphQLWsLink(sockets), http),
    defaultOptions: { query: { fetchPolicy: "no-cache" }, mutate: { fetchPolicy: "no-cache" } },
  });
  const told = (problem) => (CombinedGraphQLErrors.is(problem) ? refusal(problem.errors) : problem);
  return {
    async ask(text, variables) {
      const document = gql(text);
      const { operation } = document.definitions[0];
      const asked =
        operation === "mutation"
          ? client.mutate({ mutation: document, variables })
          : client.query({ query: document, variables });
      return (await asked.catch((problem) => Promise.reject(told(problem)))).data;
    },
    listen(text, variables, sink) {
      const following = client.subscribe({ query: gql(text), variables, fetchPolicy: "no-cache" }).subscribe({
        next: ({ data, error }) => (error ? sink.error(told(error)) : sink.next(data)),
        error: (problem) => sink.error(told(problem)),
        complete: sink.complete,
      });
      return () => following.unsubscribe();
    },
    close() {
      client.stop();
      return sockets.dispose();
    },
  };
}
