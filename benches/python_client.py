"""Runs the service of pywats-api 0.6.0rc1 for `wats_client.py`, with the least that has to be put right.

    python python_client.py service FOLDER HEALTH-PORT limited|unlimited
    python python_client.py spea FILE         # prints the seconds that one conversion takes

As published it delivers nothing: it loads converters by a key that its configuration does not have, from a module that
is not in the package, and its queue calls a method that does not exist. Here converters are loaded by the module path
of the configuration and get the attributes that its converter pool asks for; its queue gets the method that was meant.
The configuration is read from FOLDER instead of /var/lib/pywats, and health answers on the loopback interface only.
"""

import importlib
import logging
import os
import pathlib
import sys
import time


def put_right(folder):
    from pywats.domains.report.async_service import AsyncReportService
    from pywats_client.converters.models import PostProcessAction
    from pywats_client.core import config
    from pywats_client.service.async_converter_pool import AsyncConverterPool
    from pywats_client.service.health_server import HealthServer

    async def create_converter(_, settings):
        module, name = settings.module_path.rsplit(".", 1)
        converter = getattr(importlib.import_module(module), name)()
        for attribute, value in {
            "watch_path": pathlib.Path(settings.watch_folder),
            "watch_recursive": False,
            "supported_extensions": [".json"],
            "matches_file": lambda path: path.suffix == ".json",
            "priority": settings.priority,
            "post_process_action": PostProcessAction.MOVE,
            "archive_path": pathlib.Path(settings.done_folder),
            "error_path": pathlib.Path(settings.error_folder),
            "process_archive_queue": lambda: None,
        }.items():
            setattr(converter, attribute, value)
        return converter

    AsyncConverterPool._create_converter = create_converter
    AsyncReportService.submit_raw = AsyncReportService.submit
    config.get_default_config_path = lambda _=None: folder / "config.json"
    HealthServer.__init__.__defaults__ = (HealthServer.DEFAULT_PORT, "127.0.0.1")


def service(folder, port, limiter):
    os.environ["PYWATS_HEALTH_PORT"] = port
    put_right(pathlib.Path(folder))
    from pywats.core.throttle import get_default_limiter
    from pywats_client.service.client_service import ClientService

    logging.disable(logging.INFO)
    get_default_limiter().enabled = limiter == "limited"
    ClientService("bench").start()


def spea(path):
    from pywats_client.converters.context import ConverterContext
    from pywats_client.converters.models import ConverterSource
    from pywats_client.converters.standard.spea_converter import SPEAConverter

    logging.disable(logging.CRITICAL)
    start = time.perf_counter()
    result = SPEAConverter().convert(ConverterSource.from_file(pathlib.Path(path)), ConverterContext())
    seconds = time.perf_counter() - start
    if result.report is None:
        sys.exit(str(result.error))
    print(seconds)


if __name__ == "__main__":
    {"service": service, "spea": spea}[sys.argv[1]](*sys.argv[2:])
