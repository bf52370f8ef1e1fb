// graphql-ws and graphql-sse are asked in the same way: whatever the operation, its results come to a sink.
export function subscribing(client, refusal) {
  const listen = (query, variables, sink) =>
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => (errors ? sink.error(refusal(errors)) : sink.next(data)),
        error: (problem) => sink.error(Array.isArray(problem) ? refusal(problem) : problem),
        complete: sink.complete,
      },
    );
  const ask = (query, variables) =>
    new Promise((next, error) => listen(query, variables, { next, error, complete() {} }));
  return { ask, listen, close: () => client.dispose() };
}
