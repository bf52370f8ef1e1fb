"""Other people's clients and their audit against our server: what the specifications mean in practice."""
