"""The ledger: transfers, balances, vesting."""
