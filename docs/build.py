"""Build the pages: the README and the guides, and the API from its docstrings.

python -m docs.build FOLDER

A warning is an error, and so is a link between pages or to a file that is not there.
"""

import importlib
import inspect
import pathlib
import pkgutil
import re
import shutil
import sys
import types
import warnings

import pdoc

ROOT = pathlib.Path(__file__).parents[1]
# Not part of the API: what stands behind the command line.
WITHOUT = {"keras_pixda.commands"}
# The target of a link or picture of Markdown that is no address and no anchor.
LINK = re.compile(r"(\]\()(?!https?:|#|mailto:)([^)#\s]+)")


def build(folder):
    """Write all pages.

    Args:
        folder: Where to write them; `index.html` is the first. It is made.

    Raises:
        ValueError: If a page links to a file that is not there.
    """
    folder = pathlib.Path(folder)
    guides = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    guides += [ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
    pages = {path: _page_name(path) for path in guides}
    rooms = [importlib.import_module("keras_pixda")]
    for info in pkgutil.iter_modules(rooms[0].__path__, "keras_pixda."):
        if info.ispkg and info.name not in WITHOUT:
            rooms.append(importlib.import_module(info.name))
    for room in rooms:  # Some names are there once they are asked for.
        for name in room.__all__:
            getattr(room, name)
    modules = {}
    for path, name in pages.items():
        text = path.read_text(encoding="utf-8")
        modules[name] = _module(name, lead_links(text, path, pages, folder))
    modules["api"] = _module("api", _overview(rooms))
    modules |= {room.__name__: pdoc.doc.Module(room) for room in rooms}

    pdoc.render.configure(
        docformat="google",
        template_directory=ROOT / "docs" / "templates",
        show_source=False,
    )
    pdoc.render.env.globals["guides"] = {
        name: re.match(r"# (.+)", modules[name].docstring)[1]
        for name in [*pages.values(), "api"]
    }
    names = _public_names(rooms)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, module in modules.items():
            text = pdoc.render.html_module(module, modules)
            for inside, public in names.items():
                text = text.replace(f"{inside}<", f"{public}<")
            path = folder / f"{name.replace('.', '/')}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        search = pdoc.render.search_index(modules)
    (folder / "search.js").write_text(search, encoding="utf-8")


def _page_name(path):
    return "index" if path.name == "README.md" else path.stem.lower()


def lead_links(text, path, pages, folder):
    """Lead the links of a page of Markdown to other pages, or to copies of files.

    Args:
        text: The Markdown.
        path: Its file.
        pages: Dict from the file of a page to the page's name.
        folder: Where the pages are written.

    Raises:
        ValueError: If a link leads to a file that is not in the repository.
    """

    def lead(match):
        target = (path.parent / match[2]).resolve()
        if target in pages:
            return f"{match[1]}{pages[target]}.html"
        if not target.is_file() or not target.is_relative_to(ROOT):
            raise ValueError(f"{path} links to {match[2]}, which is no file here.")
        copy = pathlib.Path("files") / target.relative_to(ROOT)
        (folder / copy).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(target, folder / copy)
        return match[1] + copy.as_posix()

    return LINK.sub(lead, text)


def _module(name, text):
    module = types.ModuleType(name, text)
    module.__docformat__ = "markdown"
    return pdoc.doc.Module(module)


def _public_names(rooms):
    """What the classes of Keras that ours build on are called in public."""
    names = {}
    for room in rooms:
        for value in filter(inspect.isclass, map(vars(room).get, room.__all__)):
            for base in value.__mro__:
                path = vars(base).get("_api_export_path")
                if path:
                    public = path if isinstance(path, str) else path[0]
                    names[f"{base.__module__}.{base.__qualname__}"] = public
    return names


def _overview(rooms):
    """Every public name with the first line of its docstring, in a table a room."""
    lines = ["# All names"]
    for room in rooms:
        page = f"{room.__name__.replace('.', '/')}.html"
        lines += ["", f"## [{room.__name__}]({page})", ""]
        lines += [
            inspect.getdoc(room).splitlines()[0],
            "",
            "| name | what it is |",
            "|-|-|",
        ]
        for name in room.__all__:
            value = getattr(room, name)
            # The docstring of a constant would be that of its type.
            text = inspect.getdoc(value).splitlines()[0] if callable(value) else ""
            lines.append(f"| [{name}]({page}#{name}) | {text} |")
    return "\n".join(lines)


if __name__ == "__main__":
    build(sys.argv[1])
    print(pathlib.Path(sys.argv[1], "index.html"))
