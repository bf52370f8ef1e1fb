"""Topping deposits up and paying them out: asked for, approved by as many as the sum needs, posted once."""
