"""GraphQL nouns: types, inputs, unions and the engine that executes documents over them."""
