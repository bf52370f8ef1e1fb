"""Statements (对账单): what came and went on a channel's account in a period, between two balances."""
