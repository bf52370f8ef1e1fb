"""The page on settings, printed from their declarations so that it cannot fall behind."""

from __future__ import annotations

import sys

from persistence.settings import Settings, environment_name

_HEAD = """# Settings

Everything that can be set, each an environment variable. This page is printed by
`python -m persistence.settings_page`, and a test compares the two. Outside the demo profile the server
refuses to start until what it needs is set, and names what is missing.

| variable | default | what it decides |
| --- | --- | --- |
"""


def page() -> str:
    """The text of `docs/settings.md`."""
    lines = []
    own = vars(Settings)["__annotations__"]
    for name, field in sorted(Settings.model_fields.items(), key=lambda one: one[0] not in own):
        default = "unset" if field.default in (None, "") else f"`{field.default}`"
        lines.append(f"| `{environment_name(name)}` | {default} | {field.description} |")
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
