"""``python -m ascendc``."""

from ascendc.cli import main

main()
