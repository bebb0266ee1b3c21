"""The stages of a build, one file each: plain functions from a spec and inputs to a result."""
