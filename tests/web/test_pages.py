"""The pages: they need nothing from elsewhere, and offer what can be asked for."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from serving import MARKUP

from abclm import web
from abclm.notation.fields import RHYTHMS
from abclm.notation.grammar.tables import VALUES
from abclm.web.pages import format_description, format_home, read_style
from abclm.web.schema import MEDIA_TYPES

FILES = sorted(
    path for folder in ("static", "templates") for path in (Path(web.__file__).parent / folder).iterdir()
)


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path):
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", re.sub(r"(?m)^\s*//.*", "", text))


@pytest.mark.parametrize("address", ["/", "/docs"])
def test_no_script_and_no_style_stands_in_a_page(client, address):
    page = Elements(client.get(address).text)
    assert [script for script in page.all("script") if "src" not in script] == []
    assert page.all("style") == []
    for tag, attributes in page.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (
            tag,
            attributes,
        )


@pytest.mark.parametrize("address", ["/", "/docs"])
def test_what_a_page_leads_to_is_there(client, address):
    page = Elements(client.get(address).text)
    identifiers = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    targets = [
        attributes[name] for _, attributes in page.found for name in ("src", "href") if name in attributes
    ]
    assert len(targets) > 3
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in identifiers
        else:
            assert client.get(target).status_code == 200, target
    for name in ("aria-labelledby", "aria-describedby", "for"):
        for _, attributes in page.found:
            assert set(attributes.get(name, "").split()) <= set(identifiers)


def test_the_modules_of_the_page_are_there(client):
    for path in FILES:
        if path.suffix == ".js":
            for name in re.findall(r'from "\./([^"]+)"', path.read_text(encoding="utf-8")):
                assert client.get(f"/static/{name}").headers["content-type"].startswith("text/javascript")


def test_every_field_has_a_label():
    page = Elements(format_home("session"))
    labelled = {label.get("for") for label in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for field in page.all(tag):
            stands_in_label = field["id"] in ("keep", "loop", "count-in", "chords")
            assert field["id"] in labelled or stands_in_label, field


def test_what_can_be_asked_for_is_offered():
    page = format_home("session")
    values = {option.get("value") for option in Elements(page).all("option")}
    assert set(VALUES["K"]) <= values
    for name in (*RHYTHMS, *VALUES["M"], "tin whistle"):
        assert f">{name}</option>" in page
    assert sorted(re.findall(r'data-format="(\w+)"', page)) == sorted(MEDIA_TYPES)
    assert '<option data-meters=" 6/8 12/8 ">jig</option>' in page
    assert "B♭ Mixolydian" in page


def test_the_name_of_a_model_is_text():
    page = Elements(format_home(MARKUP))
    assert page.all("img") == [{"src": "/static/icon.svg", "alt": "", "width": "22", "height": "22"}]
    assert len(page.all("script")) == 1


def test_a_description_is_text():
    field = {"type": "string", "description": MARKUP, "default": MARKUP}
    operation = {
        "summary": MARKUP,
        "operationId": "x",
        "description": f"- `{MARKUP}`",
        "responses": {"200": {}},
    }
    operation["requestBody"] = {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    }
    schemas = {"A": {"properties": {MARKUP: field}}}
    openapi = {"paths": {f"/{MARKUP}": {"get": operation}}, "components": {"schemas": schemas}}
    page = Elements(format_description(openapi))
    assert page.all("img") == []
    assert len(page.all("script")) == 1


def test_the_style_is_that_of_the_pages_that_are_saved():
    assert "--paper:" in read_style()
    assert ".sheet" in read_style()
    # What a style sheet names is defined in it.
    assert set(re.findall(r"var\((--[a-z-]+)\)", read_style())) <= set(
        re.findall(r"(--[a-z-]+):", read_style())
    )
