"""Everything that has to hold, one folder per subject."""
