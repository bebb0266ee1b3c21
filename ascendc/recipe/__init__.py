"""The recipe: what to build, for which devices, and how."""

from ascendc.recipe.decode import decode, draft, load
from ascendc.recipe.draft import Draft, plugin_options
from ascendc.recipe.fit import built, check_names, check_parts, fit
from ascendc.recipe.paths import path_options
from ascendc.recipe.schema import json_schema
from ascendc.recipe.values import (
    BenchmarkSection,
    BundleSection,
    CheckSection,
    ExportSection,
    ForecastSection,
    ModelSection,
    PassesSection,
    Recipe,
    VerifySection,
)

__all__ = [
    "BenchmarkSection",
    "BundleSection",
    "CheckSection",
    "Draft",
    "ExportSection",
    "ForecastSection",
    "ModelSection",
    "PassesSection",
    "Recipe",
    "VerifySection",
    "built",
    "check_names",
    "check_parts",
    "decode",
    "draft",
    "fit",
    "json_schema",
    "load",
    "path_options",
    "plugin_options",
]
