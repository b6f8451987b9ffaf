"""`python -m embedded_aws install|serve`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from embedded_aws.errors import SetupError
from embedded_aws.gateway.server import serve
from embedded_aws.ministack.environment import install
from embedded_aws.network import inherited
from embedded_aws.settings import Settings

_PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the command; 1 with a message when this machine cannot do it."""
    arguments = _parser().parse_args()
    # It makes every Python below start slower.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A proxy is for what is outside; MiniStack is here.
    os.environ.update(inherited())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        if arguments.command == "install":
            install(arguments.local_dir)
        else:
            asyncio.run(serve(_settings(arguments)))
    except SetupError as error:
        sys.stderr.write(f"ERROR: {error}\n")
        return 1
    return 0


def _settings(arguments: argparse.Namespace) -> Settings:
    return Settings(
        host=arguments.host,
        port=arguments.port,
        local_dir=arguments.local_dir,
        state_dir=arguments.state_dir or arguments.local_dir / "aws",
        concurrent_builds=arguments.concurrent_builds,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedded_aws", description="A local AWS on one port.")
    parser.add_argument("command", choices=("install", "serve"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4566, help="0 takes any free port")
    parser.add_argument(
        "--local-dir", type=_folder, default=_local_dir(), help="holds MiniStack's environment"
    )
    parser.add_argument("--state-dir", type=_folder, help="what the services remember; default LOCAL_DIR/aws")
    parser.add_argument("--concurrent-builds", type=int, default=max(2, os.cpu_count() or 2))
    return parser


def _local_dir() -> Path:
    return _folder(os.environ.get("CODEPIPELINE_LOCAL_DIR", str(_PROJECT / ".local")))


def _folder(path: str) -> Path:
    return Path(path).resolve()


if __name__ == "__main__":
    sys.exit(main())
