"""Turn what can be asked for into the page that asks for it, and the API's description into a page to read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from abclm._version import VERSION
from abclm.formats.table import FORMATS
from abclm.midi.instruments import INSTRUMENTS
from abclm.system.words import counted
from abclm.views import page
from abclm.web.controls import CONTROLS, MORE, controls_html, keys_html, options_html

_HERE = Path(__file__).parent
_NOTHING_KNOWN = '{"forms":{},"rare":[]}'


def read_style() -> str:
    """The style sheet: that of pages that `convert` writes, and what the application adds."""
    shared = Path(page.__file__).with_name("page.css")
    return shared.read_text(encoding="utf-8") + (_HERE / "static" / "app.css").read_text(encoding="utf-8")


def format_home(model: str, *, keys: Sequence[str] = (), known: str = _NOTHING_KNOWN) -> str:
    """Write the page on which tunes are asked for.

    Args:
        model: the name of the model.
        keys: those that are offered first.
        known: what the page's script says of the training tunes, as `abclm.models.shown.usual.known_json` writes it.
    """
    controls = controls_html(CONTROLS)
    return _template("home").substitute(
        model=escape(model),
        version=escape(VERSION),
        controls=controls.replace(keys_html(), keys_html(keys)),
        known=escape(known),
        more=controls_html(MORE),
        instruments=options_html(INSTRUMENTS),
        downloads="".join(map(_download, sorted(FORMATS, key=lambda suffix: FORMATS[suffix].place))),
    )


def _download(suffix: str) -> str:
    """A button for a format; the page's script reads from it what to send."""
    row = FORMATS[suffix]
    data = f'data-format="{suffix.removeprefix(".")}"'
    data += " data-sound" * row.has_sound + " data-made" * ("made" in row.options)
    return f'<li><button type="button" class="quiet" {data}>{escape(row.label)}</button></li>'


def format_description(openapi: Mapping[str, Any]) -> str:
    """Write a page that says what the API takes and gives, and lets it be tried.

    Args:
        openapi: the API's description, as `/openapi.json` gives it.
    """
    schemas = openapi["components"]["schemas"]
    sections, contents = [], []
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            anchor = operation["operationId"]
            contents.append(
                f'<li><a href="#{escape(anchor)}">{escape(name)}</a> {escape(operation["summary"])}</li>'
            )
            sections.append(_operation(name, anchor, operation, schemas))
    return _template("description").substitute(
        version=escape(VERSION), contents="".join(contents), sections="".join(sections)
    )


def _operation(name: str, anchor: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    parts = [
        f'<section aria-labelledby="{escape(anchor)}"><h2 id="{escape(anchor)}"><code>{escape(name)}</code></h2>',
        f"<p><strong>{escape(operation['summary'])}.</strong></p>",
        _words(operation.get("description", "")),
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    example: dict[str, Any] | None = None
    if body:
        schema = _found(body, schemas)
        example = {
            field: each["examples"][0] for field, each in schema["properties"].items() if "examples" in each
        }
        if "made" in schema["properties"]:
            example = {"abc": example["abc"], "format": "musicxml"}
        parts.append("<h3>Takes</h3>" + _fields(name, schema, schemas, is_asked=True))
    answer = operation["responses"]["200"].get("content", {})
    for media_type, content in answer.items():
        if media_type == "application/json":
            given = _found(content["schema"], schemas)
            parts.append("<h3>Gives</h3>" + _fields(name, given, schemas, is_asked=False))
    if "application/json" not in answer:
        parts.append(
            "<h3>Gives</h3><p>" + ", ".join(f"<code>{escape(each)}</code>" for each in answer) + "</p>"
        )
    method, path = name.split(" ", 1)
    parts.append(_trial(anchor, method, path, example))
    return "".join([*parts, "</section>\n"])


def _trial(anchor: str, method: str, path: str, example: Mapping[str, Any] | None) -> str:
    """What tries an operation."""
    label, text = "", ""
    if example is not None:
        identifier = f"body-{escape(anchor)}"
        label = f'<label for="{identifier}">Body</label>'
        text = (
            f'<textarea id="{identifier}" rows="8" spellcheck="false">'
            f"{escape(json.dumps(example, indent=2))}</textarea>"
        )
    return (
        f'<details><summary>Try it</summary><form class="trial" data-method="{method}" data-path="{escape(path)}">'
        f'{label}{text}<button type="submit">Send</button>'
        '<p role="status"></p><pre tabindex="0" hidden></pre></form></details>'
    )


def _fields(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], is_asked: bool) -> str:
    """A table of an object's fields; what is left out only matters where it is asked for."""
    heads = ("name", "type", *(("if left out",) if is_asked else ()), "means")
    rows = []
    for field_name, field, default in _rows(schema, schemas):
        cells = (_kind(field), *((default,) if is_asked else ()), field.get("description", ""))
        rows.append(
            f'<tr><th scope="row"><code>{escape(field_name)}</code></th>'
            + "".join(f"<td>{_code(escape(cell))}</td>" for cell in cells)
            + "</tr>"
        )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="Fields that {escape(name)} '
        f'{"takes" if is_asked else "gives"}"><table><thead><tr>'
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _rows(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Each field's name, description and default; those of an object inside, too, as `overlap.share`."""
    for name, field in schema["properties"].items():
        default = "an error" if name in schema.get("required", ()) else json.dumps(field.get("default"))
        yield prefix + name, field, "–" if default == "null" else default
        inside = next(
            (each for each in (field, field.get("items", {}), *field.get("anyOf", ())) if "$ref" in each),
            None,
        )
        if inside is not None:
            mark = "[]." if "items" in field else "."
            yield from _rows(_found(inside, schemas), schemas, f"{prefix}{name}{mark}")


def _kind(field: Mapping[str, Any]) -> str:
    """The type of a field in words, with its range.

    Example:
        >>> _kind({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 8}, {"type": "null"}]})
        'integer, 1 to 8'
    """
    for each in field.get("anyOf", []):
        if each.get("type") != "null":
            return _kind(each)
    if "enum" in field:
        return " | ".join(field["enum"])
    if "$ref" in field:
        return "object"
    words = str(field.get("type", "any"))
    if words == "array":
        inside = field.get("items") or {"type": f"[{', '.join(map(_kind, field['prefixItems']))}]"}
        return f"array of {_kind(inside)}"
    low = field.get("minimum", field.get("exclusiveMinimum"))
    if "maximum" in field:
        most = field["maximum"]
        most = int(most) if most == int(most) else most
        words += f", {'above ' if 'exclusiveMinimum' in field else ''}{low:g} to {most:,}"
    if "maxLength" in field:
        words += f", up to {counted(field['maxLength'], 'character')}"
    return words


def _found(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    return found


def _words(text: str) -> str:
    """Paragraphs and lists, as docstrings have them."""
    shown = []
    for paragraph in text.split("\n\n"):
        lines = escape(paragraph).split("\n")
        if lines[0].startswith("- "):
            shown.append(
                "<ul>" + "".join(f"<li>{_code(line.removeprefix('- '))}</li>" for line in lines) + "</ul>"
            )
        elif paragraph:
            shown.append(f"<p>{_code(' '.join(lines))}</p>")
    return "".join(shown)


def _code(escaped: str) -> str:
    """Set what stands between backticks as code."""
    parts = escaped.split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


@cache
def _template(name: str) -> Template:
    return Template((_HERE / "templates" / f"{name}.html").read_text(encoding="utf-8"))
