"""What MWAA wants in an environment's bucket: the DAG folder, plugins.zip, requirements.txt, startup.sh.

Source: Amazon MWAA user guide, "Adding or updating DAGs", "Installing custom plugins", "Installing Python
dependencies" and "Using a startup script"; the contents of MWAA's images from their bills of materials in
github.com/aws/amazon-mwaa-docker-images.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from airflow_codepipeline.artifacts.bundle import zip_folder
from airflow_codepipeline.errors import CodePipelineError

MARKER = ".codepipeline-package.json"
PLUGIN = "airflow_codepipeline"
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store")


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """What this package uses of an image of MWAA.

    :param amazon: the version of apache-airflow-providers-amazon, and so on.
    """

    airflow: str
    python: str
    amazon: str
    standard: str
    msgspec: str


IMAGES = {
    image.airflow: image
    for image in (
        Image(airflow="3.2.1", python="3.12", amazon="9.25.0", standard="1.12.3", msgspec="0.21.1"),
        Image(airflow="3.3.1", python="3.12", amazon="9.34.0", standard="1.17.0", msgspec="0.21.1"),
    )
}
"""The images that this package was made for, by the version of Airflow."""


_HELD = frozenset(
    {
        "apache-airflow-providers-amazon",
        "apache-airflow-providers-standard",
        "jinja2",
        "msgspec",
        "pyyaml",
    }
)
"""What the pipelines need; all of it is in every image."""


class PackageError(CodePipelineError):
    """The package cannot be written: the project is not whole, or the folder is somebody else's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """The folder that holds `dags/`, `plugins/` and `include/`.

    :param environment: whose values the definitions take: the stem of a file in `include/variables`.
    """

    folder: Path
    environment: str

    @property
    def pipelines(self) -> Path:
        """The folder of definitions."""
        return self.folder / "include" / "pipelines"

    @property
    def variables(self) -> Path:
        """The file of the environment's values; it need not exist."""
        return self.folder / "include" / "variables" / f"{self.environment}.yaml"

    def check(self) -> None:
        """Make sure that everything to be packed is there.

        :raises PackageError: names what is missing.
        """
        needed = (
            Path("dags"),
            Path("plugins", PLUGIN, "__init__.py"),
            Path("plugins", ".airflowignore"),
            Path("include", "pipelines"),
        )
        missing = [str(path) for path in needed if not (self.folder / path).exists()]
        if missing:
            raise PackageError(
                f"{self.folder} has no {', no '.join(missing)}. Run the command in the project's folder, or "
                "name that with --project."
            )


def write_package(project: Project, image: Image, output: Path) -> None:
    """Write the package, whole or not at all; a package that was written there before is replaced.

    :param output: the folder to write.
    :raises PackageError: the project lacks something, or `output` holds what this did not write.
    """
    project.check()
    output = output.resolve()
    check_replaceable(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as scratch:
        fresh = Path(scratch, "package")
        fresh.mkdir()
        _write(project, image, fresh)
        if output.exists():
            output.rename(Path(scratch, "replaced"))
        fresh.rename(output)


def check_replaceable(output: Path) -> None:
    """Make sure that nothing is lost when a folder is replaced by a package.

    :raises PackageError: it is a file, or a folder that this did not write.
    """
    if output.is_dir() and (not any(output.iterdir()) or (output / MARKER).is_file()):
        return
    if output.exists():
        raise PackageError(
            f"{output} exists and was not written by this command (it has no {MARKER}). Name another folder, "
            "or remove it."
        )


def _write(project: Project, image: Image, package: Path) -> None:
    _write_dags(project, package / "dags")
    _write_plugins(project, package)
    _write_text(package / "requirements.txt", requirements(image, project.folder / "requirements.txt"))
    _write_text(package / "startup.sh", startup_script(project.environment))
    _write_text(package / "README.txt", next_steps(image))
    marker = {"airflow": image.airflow, "environment": project.environment}
    _write_text(package / MARKER, json.dumps(marker) + "\n")


def _write_dags(project: Project, dags: Path) -> None:
    """Copy the DAG folder and, below it, the definitions: MWAA ships nothing that lies beside it."""
    shutil.copytree(project.folder / "dags", dags, ignore=_IGNORED)
    shutil.copytree(project.pipelines, dags / "include" / "pipelines", ignore=_IGNORED)
    if project.variables.is_file():
        target = dags / "include" / "variables"
        target.mkdir()
        shutil.copy(project.variables, target)
    ignore = dags / ".airflowignore"
    lines = ignore.read_text().splitlines() if ignore.exists() else []
    if "include/" not in lines:
        _write_text(ignore, "\n".join([*lines, "include/"]) + "\n")


def _write_plugins(project: Project, package: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "plugins")
        shutil.copytree(project.folder / "plugins", copy, ignore=_IGNORED)
        with (package / "plugins.zip").open("wb") as target:
            zip_folder(copy, target)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def requirements(image: Image, own: Path) -> str:
    """Return requirements.txt: what the project's asks for and the image lacks, usually nothing.

    It must not even mention pip's option for constraints: MWAA looks for it in comments too, and where it
    finds none installs under the image's own, so that a line added here cannot change Airflow.

    :param own: the project's requirements.txt; it need not exist.
    """
    lines = own.read_text(encoding="utf-8").splitlines() if own.is_file() else []
    wanted = [line for line in lines if line.strip() and not line.startswith("#") and not _in_image(line)]
    head = (
        f"# The image of MWAA {image.airflow} holds all that the pipelines need: Python {image.python},\n"
        f"# apache-airflow-providers-amazon {image.amazon}, apache-airflow-providers-standard "
        f"{image.standard}, msgspec {image.msgspec},\n"
        "# Jinja2 and PyYAML. What else your DAGs need follows; MWAA installs it under its own constraints.\n"
    )
    return head + "".join(f"{line}\n" for line in wanted)


def _in_image(requirement: str) -> bool:
    name = re.match(r"[\w.-]*", requirement.strip())
    return name is not None and re.sub(r"[-_.]+", "-", name.group()).lower() in _HELD


def startup_script(environment: str) -> str:
    """Return startup.sh: which environment's values the definitions take."""
    return (
        "#!/bin/bash\n"
        "# MWAA runs this before each of its processes.\n"
        f"export CODEPIPELINE_ENVIRONMENT={shlex.quote(environment)}\n"
    )


def next_steps(image: Image) -> str:
    """Return the commands that bring a package into an environment, for a shell in its folder."""
    return _NEXT_STEPS.format(airflow=image.airflow)


_NEXT_STEPS = """\
A package for an MWAA environment of Airflow {airflow}. Run these commands in this folder.

1. Say which environment and which bucket (it must be versioned, as MWAA requires):

   NAME=my-environment
   BUCKET=my-environments-bucket

2. Upload. Other DAGs in the bucket stay; pipelines that you removed have to be removed there too.

   aws s3 sync dags/ "s3://$BUCKET/dags/"
   aws s3 cp plugins.zip "s3://$BUCKET/plugins.zip"
   aws s3 cp requirements.txt "s3://$BUCKET/requirements.txt"
   aws s3 cp startup.sh "s3://$BUCKET/startup.sh"

3. Make the environment take them. It restarts, which may take half an hour.

   version() {{
     aws s3api head-object --bucket "$BUCKET" --key "$1" --query VersionId --output text
   }}
   aws mwaa update-environment --name "$NAME" --airflow-version {airflow} \\
     --plugins-s3-path plugins.zip --plugins-s3-object-version "$(version plugins.zip)" \\
     --requirements-s3-path requirements.txt \\
     --requirements-s3-object-version "$(version requirements.txt)" \\
     --startup-script-s3-path startup.sh --startup-script-s3-object-version "$(version startup.sh)"

   An environment that has plugins, requirements or a startup script of its own: merge them first.

Later, changed definitions need step 2's first command alone.
"""
