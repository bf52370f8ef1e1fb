"""The GraphQL engine: from a request to an answer, independent of any area and of any transport."""
