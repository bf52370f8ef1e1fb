"""PostgreSQL, Redis, encryption, HTTP and files, behind the ports of the domain."""
