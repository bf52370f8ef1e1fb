// A purchase through one of the clients: reads, buys, follows the order, and is refused; prints what it saw as JSON.
const [name, url, socketUrl, token, key] = process.argv.slice(2);

const PRODUCTS = `query Products($search: String) {
  products(filter: { search: $search }, first: 1) { edges { node { slug variants { sku } } } }
}`;
const PLACE = `mutation Place($input: PlaceOrderInput!) {
  placeOrder(input: $input) { __typename ... on Order { id status } ... on Refusal { code } }
}`;
const PAY = `mutation Pay($input: PayOrderInput!) {
  payOrder(input: $input) { __typename ... on Payment { status } ... on Refusal { code } }
}`;
const CHANGES = `subscription Changes($id: ID!, $after: String) {
  orderChanged(id: $id, after: $after) { position order { id status } }
}`;
const WRONG = "query Wrong { products { nothing } }";

function refusal(errors) {
  return Object.assign(new Error(errors[0].message), { codes: errors.map((error) => error.extensions.code) });
}

async function codesOf(asking) {
  return asking.then(
    () => [],
    (problem) => problem.codes ?? Promise.reject(problem),
  );
}

function follow(client, id, after, begun = () => {}) {
  return new Promise((resolve, reject) => {
    const statuses = [];
    const stop = client.listen(CHANGES, { id, after }, {
      next({ orderChanged: { order } }) {
        statuses.push(order.status);
        if (statuses.length === 1) begun();
        if (order.id !== id) reject(new Error(`heard of ${order.id}, which was not asked for`));
        if (order.status !== "FULFILLED") return;
        stop();
        resolve(statuses);
      },
      error: reject,
      complete: () => reject(new Error("completed too early")),
    });
  });
}

const { default: connect } = await import(`./clients/${name}.mjs`);
const client = connect({ url, socketUrl, token, refusal });
const seen = {};

seen.product = (await client.ask(PRODUCTS, { search: "芒果" })).products.edges[0].node;
const lines = [{ sku: "MGTV-1M" }];
const order = (await client.ask(PLACE, { input: { lines, idempotencyKey: `place-${key}` } })).placeOrder;
seen.placed = [order.__typename, order.status];
const pay = () => client.ask(PAY, { input: { orderId: order.id, method: "SANDBOX", idempotencyKey: `pay-${key}` } });
if (client.listen) {
  // The first event is the order's placing; only then is it paid, so the rest comes live.
  let paid;
  seen.heard = await follow(client, order.id, "0", () => (paid = pay()));
  seen.paid = (await paid).payOrder;
  seen.refusedFeed = await codesOf(follow(client, order.id, "nonsense"));
} else {
  seen.paid = (await pay()).payOrder;
}
seen.refused = await codesOf(client.ask(WRONG));
if (client.sent) {
  seen.again = (await client.ask(PRODUCTS, { search: "芒果" })).products.edges.length;
  seen.sent = client.sent;
}
await client.close();
console.log(JSON.stringify(seen));
