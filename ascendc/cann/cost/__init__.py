"""What a graph costs on a SoC: work, bytes, and the bounds that follow."""
