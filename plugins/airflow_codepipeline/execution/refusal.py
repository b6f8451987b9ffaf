"""What CodePipeline answers where an operation is not allowed."""

from __future__ import annotations

from airflow_codepipeline.errors import CodePipelineError


class Refusal(CodePipelineError):  # noqa: N818 - it is what AWS answers, an error by another name
    """An operation that is refused, with the exception that CodePipeline's API names for it.

    :param code: the name of the exception, such as `StageNotRetryableException`.
    :param message: what is wrong, and what would be right.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)
