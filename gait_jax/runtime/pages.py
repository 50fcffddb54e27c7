"""Pages of HTML: what is put into a template is text, and what is missing is an error."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


def environment(package: str) -> "jinja2.Environment":
    """Where a package's templates are found.

    Args:
      package: in whose folder they lie.
    """
    import jinja2  # Most commands write no page, and should not wait for it.

    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
