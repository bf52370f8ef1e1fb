"""The rules of the house, each shown to fail where it is broken."""
