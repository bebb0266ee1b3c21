"""OM files: what is in them, read from their bytes alone, before any device is touched."""
