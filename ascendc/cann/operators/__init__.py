"""Which ONNX operator ATC maps to what, and which engine of which SoC runs it."""
