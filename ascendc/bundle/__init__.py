"""Bundles: what is in one, how it becomes a folder, and how it becomes an archive."""
