"""How ATC is reached: here, in a container, or not at all."""
