import { createClient } from "graphql-ws";

export default function connect({ socketUrl, token, refusal }) {
  const client = createClient({ url: socketUrl, connectionParams: { Authorization: `Bearer ${token}` } });
  const listen = (query, variables, sink) =>
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => (errors ? sink.error(refusal(errors)) : sink.next(data)),
        error: (problem) => sink.error(Array.isArray(problem) ? refusal(problem) : problem),
        complete: sink.complete,
      },
    );
  return {
    ask: (query, variables) =>
      new Promise((next, error) => listen(query, variables, { next, error, complete() {} })),
    listen,
    close: () => client.dispose(),
  };
}
