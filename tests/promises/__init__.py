"""What must hold whatever happens: real processes are tried, and the database is checked."""
