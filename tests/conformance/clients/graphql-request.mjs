import { ClientError, GraphQLClient } from "graphql-request";

export default function connect({ url, token, refusal }) {
  const client = new GraphQLClient(url, { headers: { authorization: `Bearer ${token}` } });
  return {
    ask: (document, variables) =>
      client.request(document, variables).catch((problem) => {
        throw problem instanceof ClientError ? refusal(problem.response.errors) : problem;
      }),
    close() {},
  };
}
