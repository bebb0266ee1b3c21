"""Device halves as a board has them: packages of their own, without the plugin that they belong to."""

import importlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.fixture(scope="session")
def device_half():
    """Load ``plugins/<name>/device`` as the top-level package ``<name>_device``."""

    def load(name):
        package = name + "_device"
        if package not in sys.modules:
            folder = PLUGINS / name / "device"
            spec = spec_from_file_location(
                package, str(folder / "__init__.py"), submodule_search_locations=[str(folder)]
            )
            sys.modules[package] = module_from_spec(spec)
            spec.loader.exec_module(sys.modules[package])
        return importlib.import_module(package)

    return load
