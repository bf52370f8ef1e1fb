import { createClient } from "graphql-sse";

export default function connect({ url, token, refusal }) {
  const client = createClient({ url, singleConnection: false, headers: { authorization: `Bearer ${token}` } });
  const listen = (query, variables, sink) =>
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => (errors ? sink.error(refusal(errors)) : sink.next(data)),
        error: sink.error,
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
