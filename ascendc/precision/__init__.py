"""What float16 does to a model, foretold on this host, and which few nodes must stay in float32."""
