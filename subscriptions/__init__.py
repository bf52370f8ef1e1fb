"""Live feeds: from the event log to every subscriber."""
