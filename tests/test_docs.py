"""The pages can be built: no warning, no link that leads nowhere."""

import html.parser
import importlib.util
import pathlib

import pytest

import keras_pixda

pytest.importorskip("pdoc")
ROOT = pathlib.Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("build", ROOT / "docs" / "build.py")
build = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(build)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    build.build(folder)
    return folder


class Page(html.parser.HTMLParser):
    """What a page links to, and the places in it that links can lead to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.places.add(attributes.get("id"))
        for name in ("href", "src"):
            if name in attributes:
                self.links.append(attributes[name])


def test_every_link_leads_somewhere(pages):
    found = {path.resolve(): Page(path) for path in pages.rglob("*.html")}
    assert len(found) > 15
    for path, page in found.items():
        for link in page.links:
            if link.startswith(("http", "data:")):
                continue
            file, _, place = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.is_file(), f"{path.name} links to {link}"
            # In names of classes pdoc also links to what they inherit from Keras.
            if place and target in found and "." not in place:
                assert place in found[target].places, f"{path.name} links to {link}"


def test_what_is_public_is_described(pages):
    overview = (pages / "api.html").read_text()
    reference = (pages / "keras_pixda.html").read_text()
    for name in keras_pixda.__all__:
        assert f'href="keras_pixda.html#{name}"' in overview
        assert f'<section id="{name}">' in reference
    # Not only names: the first line, an argument, an example.
    assert (
        "Focal loss over labelled pixels, from logits and integer labels." in overview
    )
    assert "<strong>gamma:</strong>" in reference
    assert "keras.Metric</span>" in reference
    assert "keras.src." not in reference
    assert "Args:" not in reference
    assert "```" not in reference


def test_a_link_to_nowhere_is_refused(tmp_path):
    page = ROOT / "docs" / "page.md"
    for target in ("nothing.md", "../../outside.md"):
        text = f"[there]({target})"
        with pytest.raises(ValueError, match="page.md links to"):
            build.lead_links(text, page, {}, tmp_path)
