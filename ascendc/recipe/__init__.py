"""The recipe: what to build, for which devices, and how."""

from ascendc.recipe.decode import load, plugin_options
from ascendc.recipe.fit import check_passes, fit
from ascendc.recipe.schema import json_schema
from ascendc.recipe.values import (
    BenchmarkSection,
    BundleSection,
    ExportSection,
    ModelSection,
    PassesSection,
    Recipe,
    VerifySection,
)

__all__ = [
    "BenchmarkSection",
    "BundleSection",
    "ExportSection",
    "ModelSection",
    "PassesSection",
    "Recipe",
    "VerifySection",
    "check_passes",
    "fit",
    "json_schema",
    "load",
    "plugin_options",
]
