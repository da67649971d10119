import base64
from html.parser import HTMLParser

import pytest

from abclm.show.html import facts, image, table, text

MARKUP = "</td></tr></table><script>alert(1)</script>\"'&amp;"


class Elements(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.said = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.said.append(data)


@pytest.mark.parametrize("html", [facts([(MARKUP, MARKUP)]), table([MARKUP], [[MARKUP]])])
def test_what_stands_in_a_table_is_text(html):
    elements = Elements(html)
    assert set(elements.tags) <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert "".join(elements.said) == 2 * MARKUP
    assert [name for name, _ in elements.attributes if name != "style"] == []


def test_what_a_picture_shows_is_text():
    elements = Elements(image(b"data", "png", MARKUP))
    assert elements.tags == ["img"]
    attributes = dict(elements.attributes)
    assert attributes.keys() == {"src", "alt", "style"}
    assert attributes["alt"] == MARKUP
    assert base64.b64decode(attributes["src"].removeprefix("data:image/png;base64,")) == b"data"


def test_text_is_a_line_of_a_length_that_is_read():
    assert text("a\n  b") == "a b"
    assert len(text("a" * 1000)) == 120
    assert text(1234567) == "1,234,567"
    assert text(True) == "True"


def test_an_empty_cell_is_empty():
    assert Elements(table(["a", "b"], [[None, "x"]])).said == ["a", "b", "x"]
