"""GraphQL verbs: what a field or mutation asks of the domain."""
