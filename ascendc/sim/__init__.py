"""The simulated CANN. Whatever it makes says so: it is evidence of protocol, never of what a real one accepts."""
