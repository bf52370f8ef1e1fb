"""The operations that the promises are tried with, as a front end sends them."""

REFUSAL = "... on Refusal { __typename code message field }"

PLACE = f"""mutation Place($input: PlaceOrderInput!) {{ placeOrder(input: $input) {{ __typename
  ... on Order {{ id number status total {{ amount }} placedAt lines {{ id sku quantity }} }}
  ... on StockExhausted {{ sku wanted left }} {REFUSAL} }} }}"""
PAY = f"""mutation Pay($input: PayOrderInput!) {{ payOrder(input: $input) {{ __typename
  ... on Payment {{ id status order {{ id status }} }} {REFUSAL} }} }}"""
CANCEL = f"""mutation Cancel($input: CancelOrderInput!) {{ cancelOrder(input: $input) {{ __typename
  ... on Order {{ id status }} {REFUSAL} }} }}"""
REDEEM = f"""mutation Redeem($input: RedeemCardInput!) {{ redeemCard(input: $input) {{ __typename
  ... on Redemption {{ id at card {{ id status }} }} {REFUSAL} }} }}"""
FOLLOW = """subscription Follow($after: String) {
  cardStatusChanged(to: [REDEEMED], after: $after) { position from to card { id status } } }"""
SIGN_IN = f"""mutation SignIn($input: SignInAgentInput!) {{ signInAgent(input: $input) {{ __typename
  ... on AgentSession {{ accessToken }} {REFUSAL} }} }}"""
