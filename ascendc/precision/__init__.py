"""What float16 does to a model, foretold on this host; which few nodes must stay in float32; the file that ATC takes."""
