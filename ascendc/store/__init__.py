"""Blobs and entries: the only place where files are minted, keyed and found again.

Layout under the root (``$ASCENDC_CACHE``, or the user's cache directory)::

    objects/ab/abcdef…          read-only files, named by sha256
    entries/<stage>/<key>.json  what a stage returned, and what its key was made of
    stat/<hash of path>.json    sha256 of files by what stat says of them, as git keeps
    locks/<key>.lock            held while the step of that key runs
    work/                       scratch folders of stages that run
    in-use                      locked by every living process that has the store open

Everything is made in ``work/`` and takes its place by rename, so a kill at any moment leaves a whole file or none.
Nothing is flushed to the disk: after a power cut, what was written before it is read again in full, once.
"""

from ascendc.store.blob import Blob
from ascendc.store.entries import Entry
from ascendc.store.objects import Damage
from ascendc.store.store import Store
from ascendc.store.workspace import Workspace

__all__ = ["Blob", "Damage", "Entry", "Store", "Workspace"]
