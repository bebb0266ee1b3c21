"""CLIP on the board: pictures and texts in, embeddings and zero-shot answers out.

Travels in every bundle. Python 3.7; numpy, Pillow, tokenizers (only where there is a text part), and the runtime
beside it.
"""

from ascendc_runtime import Answer, InputError

from .labels import Labels
from .service import Service, open_service, prepare

__all__ = ["Answer", "InputError", "Labels", "Service", "open_service", "prepare"]
