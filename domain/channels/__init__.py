"""Channels: the tree of agents, their prices, floors, visibility and quotas."""
