"""ATC's command line: its options, its grammar, its rules."""
