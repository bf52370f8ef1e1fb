// Starts GraphiQL against this server: POST for queries and mutations, graphql-transport-ws for subscriptions.
"use strict";

const place = document.getElementById("graphiql");
const endpoint = place.dataset.endpoint || location.pathname;
const field = document.getElementById("token");
const state = document.getElementById("state");
const KEPT = "quanyi.token";

field.value = sessionStorage.getItem(KEPT) || "";
const showState = () => { state.value = sessionStorage.getItem(KEPT) ? "Token in use" : "No token"; };
showState();

// What the header editor says wins over the pasted token.
function headersFor(fromEditor) {
  const headers = { ...(fromEditor || {}) };
  const token = sessionStorage.getItem(KEPT);
  const said = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  if (token && !said) headers.Authorization = /^bearer /i.test(token) ? token : `Bearer ${token}`;
  return headers;
}

async function post(request, headers) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json", ...headers },
    body: JSON.stringify(request),
  });
  return response.json();
}

// One socket for each subscription: stopping it is closing the socket, and the server forgets it.
function subscribe(request, headers) {
  const address = new URL(endpoint, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return {
    subscribe(observer) {
      const socket = new WebSocket(address, "graphql-transport-ws");
      let over = false;
      const end = (how, value) => { if (!over) { over = true; observer[how](value); socket.close(1000); } };
      const say = (message) => socket.send(JSON.stringify(message));
      socket.onopen = () => say({ type: "connection_init", payload: headers });
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "connection_ack") say({ id: "1", type: "subscribe", payload: request });
        else if (message.type === "ping") say({ type: "pong" });
        else if (message.type === "next" && !over) observer.next(message.payload);
        else if (message.type === "error") end("error", message.payload);
        else if (message.type === "complete") end("complete");
      };
      socket.onclose = ({ code, reason }) => end("error", [{ message: `The server closed the socket: ${code} ${reason}` }]);
      return { unsubscribe() { over = true; socket.close(1000); } };
    },
  };
}

const anonymous = /^\s*subscription\b/m;
function isSubscription(request, options) {
  const named = request.operationName
    ? new RegExp(`\\bsubscription\\s+${request.operationName}\\b`).test(request.query)
    : anonymous.test(request.query.replace(/#.*$/gm, ""));
  const definitions = (options && options.documentAST && options.documentAST.definitions) || [];
  const chosen = definitions.find((d) => d.kind === "OperationDefinition"
    && (!request.operationName || (d.name && d.name.value === request.operationName)));
  return chosen ? chosen.operation === "subscription" : named;
}

function fetcher(request, options) {
  const headers = headersFor(options && options.headers);
  return isSubscription(request, options) ? subscribe(request, headers) : post(request, headers);
}

const given = new URLSearchParams(location.search);
function draw() {
  ReactDOM.unmountComponentAtNode(place);
  ReactDOM.render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultEditorToolsVisibility: "variables",
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      query: given.get("query") || undefined,
      variables: given.get("variables") || undefined,
      operationName: given.get("operationName") || undefined,
    }),
    place,
  );
}

document.getElementById("access").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = field.value.trim();
  if (token) sessionStorage.setItem(KEPT, token); else sessionStorage.removeItem(KEPT);
  showState();
  draw();
});
draw();
