"""How every simulator looks to a person: one page, its own sheet, no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, render_template_string
from markupsafe import Markup

if TYPE_CHECKING:
    from flask import Flask

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{ title }}</title><link rel="stylesheet" href="/_sim/simulator.css"></head>
<body><header><span class="tag">Simulator</span> {{ owner }}</header><main><h1>{{ title }}</h1>{{ content }}</main></body></html>
"""
SHEET = """
:root { color-scheme: light dark; --ink: light-dark(#16202e, #eef1f6); --paper: light-dark(#f7f8fa, #14181f);
  --card: light-dark(#fff, #1c212b); --line: light-dark(#c9cfd9, #3d4657); --accent: light-dark(#1a4fa3, #8fb8f5);
  --soft: light-dark(#4d586a, #b4bdcc) }
* { box-sizing: border-box; margin: 0 }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere }
header { padding: .7rem 1.2rem; border-bottom: 1px solid var(--line); color: var(--soft) }
.tag { background: #7a3b00; color: #fff; border-radius: 4px; padding: .1rem .5rem; font-size: .85rem; margin-right: .4rem }
main { max-width: 46rem; margin: 1.5rem auto; padding: 0 1.2rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.05rem; margin-bottom: .4rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem }
dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .2rem 1.2rem } dt { color: var(--soft) }
section > * + form { display: block; margin-top: .75rem } section > h2 + form { margin-top: 0 }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem }
button, .button { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 6px;
  padding: .45rem .9rem; min-height: 2.75rem; cursor: pointer; text-decoration: none; display: inline-flex; align-items: center; text-align: left }
button:hover, .button:hover { border-color: var(--accent) }
button.main { background: var(--accent); color: light-dark(#fff, #10151d); border-color: var(--accent) }
a { color: var(--accent) } .button { color: var(--ink) } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
label { display: inline-flex; flex-wrap: wrap; align-items: center; gap: .5rem }
input { font: inherit; max-width: 100%; min-height: 2.75rem; padding: .35rem .5rem; border: 1px solid light-dark(#737d8d, #7c879a); border-radius: 6px; background: var(--card); color: var(--ink) }
table { width: 100%; border-collapse: collapse } th, td { text-align: left; padding: .3rem .5rem .3rem 0; border-bottom: 1px solid var(--line) }
.cards { list-style: none; padding: 0 } .cards li { padding: .75rem 0; border-top: 1px solid var(--line); display: grid; gap: .5rem }
.cards li:first-child { border-top: 0; padding-top: 0 } .cards p { display: flex; flex-wrap: wrap; gap: 0 1.2rem } .cards span { color: var(--soft) }
"""
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def install(app: Flask) -> None:
    """Serve the sheet and forbid everything a simulator's page does not need."""

    @app.get("/_sim/simulator.css")
    def _sheet() -> Response:
        return Response(SHEET, mimetype="text/css")

    @app.get("/favicon.ico")
    def _icon() -> Response:
        return Response(status=204)

    @app.after_request
    def _harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response


def page(owner: str, title: str, template: str, *, status: int = 200, **values: object) -> Response:
    """Return a page; `template` is Jinja text with autoescape, `values` fill it."""
    # The template escapes its values: this is the only text that is taken as it is.
    content = Markup(render_template_string(template, **values))  # noqa: S704
    return Response(
        render_template_string(PAGE, owner=owner, title=title, content=content), status, mimetype="text/html"
    )
