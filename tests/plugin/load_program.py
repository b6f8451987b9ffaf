"""Loads the plugins as Airflow's processes do, in both of Airflow's loaders, and prints what came of it."""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path

STDLIB = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")]
SITE_PACKAGES = Path(sysconfig.get_path("purelib")).resolve()


def strangers() -> dict[str, str]:
    """Return the modules that bear a name of the standard library and do not come from it."""
    found = {}
    for name, module in tuple(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] not in sys.stdlib_module_names or name == "__main__" or not file:
            continue
        path = Path(file).resolve()
        if not any(path.is_relative_to(folder) for folder in STDLIB) or path.is_relative_to(SITE_PACKAGES):
            found[name] = file
    return found


def main() -> None:
    from airflow import plugins_manager
    from airflow.sdk import plugins_manager as sdk_plugins_manager

    plugins_manager.ensure_plugins_loaded()
    sdk_plugins, sdk_errors = sdk_plugins_manager._get_plugins()
    import airflow_codepipeline

    report = {
        "plugins": [(plugin["name"], str(plugin["source"])) for plugin in plugins_manager.get_plugin_info()],
        "sdk_plugins": [(plugin.name, str(plugin.source)) for plugin in sdk_plugins],
        "import_errors": plugins_manager.get_import_errors() | sdk_errors,
        "strangers": strangers(),
        "package": airflow_codepipeline.__file__,
    }
    sys.stdout.write("\n" + json.dumps(report))


main()
