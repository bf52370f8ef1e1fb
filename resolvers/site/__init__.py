"""The site around /graphql: its routes, the edge that all requests pass, and the processes that serve it."""
