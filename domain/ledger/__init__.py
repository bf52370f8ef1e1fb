"""The ledger: every fen that moves is a transfer between accounts, and none is ever changed afterwards."""
