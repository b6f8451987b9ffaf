"""`codepipeline run` as a user types it: the exit code, what is said, and what is left in AWS."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from fixtures.airflow_run import wait_until
from fixtures.trial import FOLDER, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.local.sample import Sample
    from fixtures.embedded_aws import EmbeddedAws
    from fixtures.trial import Trial

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STOREFRONT = ROOT / "include" / "pipelines" / "storefront.yaml"
TRIAL = FOLDER / "pipelines" / "trial.yaml"
CONDITIONS = FOLDER / "pipelines" / "conditions.yaml"


class Command:
    """The command, in an environment that names the shared embedded AWS."""

    def __init__(self, aws: EmbeddedAws, home: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        self.environment = (
            inherited | aws.environment | {"CODEPIPELINE_LOCAL_DIR": str(home), "COLUMNS": "200"}
        )

    @contextmanager
    def started(self, *arguments: object) -> Iterator[subprocess.Popen[str]]:
        """Start it; it does not outlive the test."""
        program = Path(sys.executable).with_name("codepipeline")
        with subprocess.Popen(
            [program, "run", *map(str, arguments), "--aws", "environment"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def __call__(self, *arguments: object) -> tuple[int, str]:
        """Run it; its exit code and what it said."""
        with self.started(*arguments) as process:
            said, _ = process.communicate(timeout=120)
            return process.returncode, said


@pytest.fixture
def run(embedded_aws: EmbeddedAws, tmp_path: Path) -> Command:
    return Command(embedded_aws, tmp_path)


def test_the_sample_is_delivered(run: Command, sample: Sample, embedded_aws: EmbeddedAws):
    code, said = run(STOREFRONT, "--approve", "yes")

    assert code == 0, said
    assert "Approve/Release Succeeded" in said
    assert "Deploy/Website Succeeded" in said
    delivered = sample.delivered()
    assert delivered.version == _last_version(embedded_aws)
    assert delivered.pages == ("index.html", "style.css")


def test_a_broken_test_of_the_application_fails_the_run_and_names_the_phase(
    run: Command, sample: Sample, tmp_path: Path
):
    broken = tmp_path / "storefront"
    shutil.copytree(ROOT / "include" / "samples" / "storefront", broken)
    test = broken / "tests" / "test_prices.py"
    test.write_text(test.read_text().replace('Decimal("5.20")', 'Decimal("5.21")'))

    code, said = run(STOREFRONT, "--source", f"Application={broken}", "--approve", "yes")

    assert code == 1, said
    assert "Phase PRE_BUILD" in said
    assert "Approve InProgress" not in said
    assert "storefront Failed" in said


@pytest.mark.usefixtures("sample")
def test_a_rejected_approval_fails_the_run_and_deploys_nothing(run: Command, embedded_aws: EmbeddedAws):
    before = _deployed(embedded_aws)

    code, said = run(STOREFRONT, "--approve", "no")

    assert code == 1, said
    assert "was rejected by local: --approve no" in said
    assert "Deploy InProgress" not in said
    assert _deployed(embedded_aws) == before


@pytest.mark.usefixtures("trial")
def test_without_a_terminal_an_approval_fails_with_the_reason(run: Command):
    code, said = run(TRIAL)

    assert code == 1, said
    assert "nobody could be asked: there is no terminal; give --approve yes or no" in said


def test_a_folder_of_this_machine_stands_in_for_a_source(run: Command, trial: Trial, tmp_path: Path):
    folder = tmp_path / "work"
    shutil.copytree(SOURCE, folder)
    (folder / "said.txt").write_text("from my folder\n")

    code, said = run(TRIAL, "--source", f"Code={folder}", "--approve", "yes")

    assert code == 0, said
    assert "Local source work" in said
    assert _exported(trial) == "from my folder"


def test_a_version_of_the_source_object_is_taken(run: Command, trial: Trial, tmp_path: Path):
    folder = tmp_path / "work"
    shutil.copytree(SOURCE, folder)
    (folder / "said.txt").write_text("from an older version\n")
    version = trial.put_source(folder)
    trial.put_source(SOURCE)

    code, said = run(TRIAL, "--source", f"Code={version}", "--approve", "yes")

    assert code == 0, said
    assert f"Amazon S3 version id: {version}" in said
    assert _exported(trial) == "from an older version"


@pytest.mark.usefixtures("trial")
def test_a_required_variable_is_asked_for_and_taken(run: Command):
    definition = FOLDER / "required.yaml"

    code, said = run(definition, "--approve", "yes")
    assert code == 2
    assert "needs a value for Script" in said

    code, said = run(definition, "--var", "Script=pass", "--approve", "yes")
    assert code == 0, said


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (["--var", "Greting=Hi"], "has no variable 'Greting'. Its variables: Script."),
        (["--var", "Script"], "--var wants NAME=VALUE, not 'Script'"),
        (["--source", "Kode=."], "'Kode' is no source action. The source actions: Code."),
        (["--approve", "perhaps"], "perhaps"),
    ],
)
def test_an_argument_that_cannot_be_used_is_explained(run: Command, arguments, explained):
    code, said = run(TRIAL, *arguments)

    assert code == 2
    assert explained in " ".join(said.replace("│", " ").split())


def test_a_definition_that_cannot_be_used_is_explained(run: Command, tmp_path: Path):
    broken = tmp_path / "trial.yaml"
    broken.write_text(TRIAL.read_text().replace("provider: CodeBuild", "provider: CodeBild"))

    code, said = run(broken)

    assert code == 2
    assert "CodeBild" in said
    assert "trial.yaml:" in said
    code, said = run(tmp_path / "nowhere.yaml")
    assert code == 2
    assert "nowhere.yaml" in said


def test_ctrl_c_stops_the_build(run: Command, trial: Trial):
    known = set(trial.build_ids())
    with run.started(TRIAL, "--var", "Script=hold") as process:
        wait_until(lambda: set(trial.build_ids()) > known, trial.build_ids)
        [build_id] = set(trial.build_ids()) - known
        wait_until(lambda: trial.build(build_id)["currentPhase"] == "BUILD", lambda: trial.build(build_id))
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 130, said
    assert "Interrupted" in said
    assert trial.build(build_id)["buildStatus"] == "STOPPED"


def _last_version(aws: EmbeddedAws) -> str:
    """The version that the sample's newest build exported."""
    codebuild = aws.client("codebuild")
    newest = codebuild.list_builds_for_project(projectName="storefront-package")["ids"][0]
    [build] = codebuild.batch_get_builds(ids=[newest])["builds"]
    [version] = build["exportedEnvironmentVariables"]
    return str(version["value"])


def _deployed(aws: EmbeddedAws) -> tuple[object, ...]:
    """What stands in AWS after the stage Deploy: the stack's parameters, the website's objects."""
    try:
        [stack] = aws.client("cloudformation").describe_stacks(StackName="storefront")["Stacks"]
        parameters = stack["Parameters"]
    except ClientError:
        parameters = []
    objects = aws.client("s3").list_objects_v2(Bucket="storefront-website").get("Contents", [])
    return parameters, [(entry["Key"], entry["LastModified"]) for entry in objects]


def _exported(trial: Trial) -> str:
    """What the newest build of `trial` found in its source."""
    [said] = trial.build(trial.build_ids()[0])["exportedEnvironmentVariables"]
    return str(said["value"])


@pytest.mark.usefixtures("trial")
class TestConditions:
    def test_conditions_that_are_met_let_the_execution_go_on(self, run: Command):
        code, said = run(CONDITIONS)

        assert code == 0, said
        assert "Check/[beforeEntry] Succeeded" in said
        assert "Build/[onSuccess] Succeeded" in said
        assert "Build/[onFailure]" not in said

    def test_a_stage_is_skipped(self, run: Command):
        code, said = run(CONDITIONS, "--var", "Check=no")

        assert code == 0, said
        assert "Check/[beforeEntry] Failed" in said
        assert "rule IsWanted: The variable is 'no', which is not equal to 'yes'. Result: SKIP." in said
        assert "Check Skipped" in said
        assert "Check/First" not in said
        assert "Build Succeeded" in said

    def test_a_stage_is_not_entered(self, run: Command):
        code, said = run(CONDITIONS, "--var", "Build=no")

        assert code == 1, said
        assert "rule MayBegin: The variable is 'no', which is not matched by 'y(es)?'" in said
        assert "Build Failed" in said
        assert "Build/Script" not in said

    def test_a_success_that_is_none_fails_the_stage(self, run: Command):
        code, said = run(CONDITIONS, "--var", "Verdict=bad")

        assert code == 1, said
        assert "Build/Script Succeeded" in said
        assert "Build/[onSuccess] Failed" in said
        assert "Phase BUILD" in said

    def test_a_stage_that_failed_is_retried_once(self, run: Command, trial: Trial):
        code, said = run(CONDITIONS, "--var", "Script=fail")
        execution = said.strip().rpartition(" ")[2]

        assert code == 1, said
        assert said.count("Build/Script Failed") == 2
        assert said.count("Build/[onFailure] Succeeded") == 2
        assert said.count("Result: RETRY.") == 1
        assert said.count("The stage was retried before.") == 1
        assert len(trial.builds(execution)) == 2

    def test_there_is_nothing_to_roll_back_to(self, run: Command, tmp_path: Path):
        text = CONDITIONS.read_text().replace("executionMode: PARALLEL\n", "")
        before, success, after = text.partition("onSuccess:")
        path = tmp_path / "conditions.yaml"
        path.write_text(before + success + after.replace("result: FAIL", "result: ROLLBACK", 1))

        code, said = run(path, "--var", "Verdict=bad")

        assert code == 1, said
        assert "A local run has no earlier execution to roll back to." in said


@pytest.mark.parametrize("page", ["approvals", "backfill", "retry", "rollback", "schedules", "starting"])
def test_the_pipeline_of_a_page_runs_on_the_sample(run: Command, sample: Sample, tmp_path: Path, page: str):
    shutil.copytree(ROOT / "include" / "variables", tmp_path / "include" / "variables")
    text = (ROOT / "docs" / f"{page}.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    name = text.partition("# include/pipelines/")[2].partition("\n")[0]
    definition = tmp_path / "include" / "pipelines" / name
    definition.parent.mkdir()
    definition.write_text(text)
    given = ("--var", "Environment=prod") if page == "starting" else ()

    code, said = run(definition, "--approve", "yes", *given)

    assert code == 0, said


def test_the_pipeline_of_the_page_about_conditions_does_what_the_page_says(
    run: Command, sample: Sample, tmp_path: Path
):
    page = (ROOT / "docs" / "conditions.md").read_text()
    (tmp_path / "include" / "pipelines").mkdir(parents=True)
    shutil.copytree(ROOT / "include" / "variables", tmp_path / "include" / "variables")
    definition = tmp_path / "include" / "pipelines" / "careful.yaml"
    definition.write_text(page.partition("```yaml\n")[2].partition("```")[0])

    code, said = run(definition)
    assert code == 0, said
    assert "Deploy/[onSuccess] Succeeded" in said

    code, said = run(definition, "--var", "Deploy=no")
    assert code == 0, said
    shown = [line.partition("rule ")[2] for line in page.splitlines() if "[beforeEntry] Failed" in line]
    assert shown[0] in said
    assert "Deploy Skipped" in said
