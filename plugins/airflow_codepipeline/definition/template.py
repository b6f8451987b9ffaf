"""Jinja2 in a definition: which files are templates, and how they are rendered.

A file is a template where it has `{%`, or `{{` before a name or a literal. `{{resolve:...}}` is
CloudFormation's and `{{.Field}}` is Go's: both stay as they are, in a template too. `#{...}` is
CodePipeline's, so Jinja2 has no comments here: YAML's are enough.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import Kind, Problem
from airflow_codepipeline.definition.missing_names import missing_names, value_at
from airflow_codepipeline.definition.suggest import did_you_mean
from airflow_codepipeline.definition.text import LARGEST_BYTES, UnreadableError
from airflow_codepipeline.definition.variables_file import BAD_VARIABLES, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

_IS_TEMPLATE = re.compile(rb"\{%|\{\{[-+]?\s*(?!resolve:)[A-Za-z_\"'(\[\d]")
_LITERAL = re.compile(r"\{\{(?=\s*(?:resolve:|\.))")
_LONGEST_RANGE = 1_000
_MOST_NAMED = 100
_MOST_EXPRESSIONS = 10_000

TEMPLATE_SYNTAX = Kind(
    id="CP010",
    severity="error",
    what="The Jinja2 template of the file is malformed, or does what the sandbox forbids.",
    right="Jinja2's syntax; text that only looks like it stands in `{% raw %}...{% endraw %}`.",
)
UNDEFINED = Kind(
    id="CP011",
    severity="error",
    what="The template uses a variable that has no value in this environment.",
    right="Give it a value in include/variables/<environment>.yaml.",
)
TEMPLATE_FAILED = Kind(
    id="CP012",
    severity="error",
    what="Rendering the template failed.",
    right="An expression that works with the values of this environment.",
)
KINDS = (TEMPLATE_SYNTAX, UNDEFINED, TEMPLATE_FAILED, BAD_VARIABLES)


def is_template(content: bytes) -> bool:
    """Tell whether a file is to be rendered; fast for the many that are not."""
    return (b"{{" in content or b"{%" in content) and _IS_TEMPLATE.search(content) is not None


def render(text: str, values: Mapping[str, Any], *, values_file: str) -> str:
    """Return the text of a template with `var` and `environment` filled in.

    :param values: what `var` holds.
    :param values_file: where a missing value belongs, for the message.
    :raises UnreadableError: the template is malformed, a variable has no value, or an expression fails.
    """
    import jinja2

    if text.count("{{") + text.count("{%") > _MOST_EXPRESSIONS:
        message = f"The template has more than {_MOST_EXPRESSIONS} expressions and statements."
        raise UnreadableError(TEMPLATE_FAILED.problem(message))
    jinja = _environment()
    source = _LITERAL.sub("{{ '{{' }}", text)
    try:
        template = jinja.from_string(source)
        return _bounded(template.generate(var=values, environment=environment()))
    except jinja2.UndefinedError as error:
        raise UnreadableError(*_undefined(jinja, source, values, values_file, error)) from error
    except jinja2.TemplateSyntaxError as error:
        raise UnreadableError(_malformed(error)) from error
    except jinja2.exceptions.SecurityError as error:
        raise UnreadableError(TEMPLATE_SYNTAX.problem(f"The template may not do this: {error}")) from error
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        message = f"Rendering the template failed: {type(error).__name__}: {error}"
        raise UnreadableError(TEMPLATE_FAILED.problem(message, position=_template_position(error))) from error


@cache
def _environment() -> SandboxedEnvironment:
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    class Bounded(SandboxedEnvironment):
        """A sandbox in which one expression cannot fill the memory."""

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if not all(isinstance(side, int | float) and abs(side) < 1e9 for side in (left, right)):
                raise jinja2.exceptions.SecurityError(f"'{operator}' multiplies numbers only.")
            if operator == "**" and abs(right) > 64:
                raise jinja2.exceptions.SecurityError("The exponent is too large.")
            return super().call_binop(context, operator, left, right)

    jinja = Bounded(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
        comment_start_string="\x00{#",
        comment_end_string="#}\x00",
    )
    # Two renderings of one file must be equal, or every parse would make a new version of the DAG.
    del jinja.globals["lipsum"], jinja.filters["random"]
    jinja.globals["range"] = _bounded_range
    return jinja


def _bounded_range(*args: int) -> range:
    numbers = range(*args)
    if len(numbers) > _LONGEST_RANGE:
        raise ValueError(f"a range of more than {_LONGEST_RANGE} numbers")
    return numbers


def _bounded(pieces: Iterator[str]) -> str:
    rendered = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > LARGEST_BYTES:
            raise ValueError("the rendered text is larger than 2 MiB")
        rendered.append(piece)
    return "".join(rendered)


def _undefined(
    jinja: SandboxedEnvironment,
    source: str,
    values: Mapping[str, Any],
    values_file: str,
    error: jinja2.UndefinedError,
) -> list[Problem]:
    """Return every variable without a value: the first one raised, the rest are found by reading."""
    problems = []
    for dotted, line in islice(missing_names(jinja.parse(source), values), _MOST_NAMED):
        name = dotted[-1]
        around = value_at(values, dotted[1:-1]) if dotted[0] == "var" else {"var": 0, "environment": 0}
        known = [str(key) for key in around] if isinstance(around, dict) else []
        message = f"The variable '{'.'.join(dotted)}' has no value."
        belongs = (
            f"It belongs in {values_file}." if dotted[0] == "var" else "Variables are read as `var.name`."
        )
        suggestion = f"{belongs} {did_you_mean(name, known)}".strip()
        problems.append(UNDEFINED.problem(message, suggestion=suggestion, position=(line, 1)))
    fallback = UNDEFINED.problem(f"{error.message}.", position=_template_position(error))
    return problems or [fallback]


def _malformed(error: jinja2.TemplateSyntaxError) -> Problem:
    return TEMPLATE_SYNTAX.problem(
        f"The template is malformed: {error.message}.",
        suggestion="Text that is not Jinja2 stands in {% raw %}...{% endraw %}.",
        position=(error.lineno, 1),
    )


def _template_position(error: BaseException) -> tuple[int, int] | None:
    trace = error.__traceback__
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return (line, 1) if line else None
